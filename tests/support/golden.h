// SPDX-License-Identifier: Apache-2.0
// Golden: a file of the tree that the program could have written. With SAMPAN_UPDATE=1 it is written instead of compared.
#pragma once

#include <string>

namespace sampan::test {

// What differs, in words; empty when nothing does. path: from the top of the tree.
std::string compare_golden(const std::string& path, const std::string& made);

}  // namespace sampan::test
