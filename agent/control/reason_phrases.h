// SPDX-License-Identifier: Apache-2.0
// Reason phrases: what reasons are made of, in English as it is stored and sent, and in Chinese.
//
// A test reads the sources of every module whose words become a reason: a sentence that is not here fails it.
// Part of the client half: stands on base alone.
// Threads: any.
// Fails:   never.
#pragma once

#include <span>
#include <string_view>

namespace sampan::control {

struct ReasonPhrase {
  std::string_view en, zh;
};

std::span<const ReasonPhrase> phrases_of_answers();  // of the next hop
std::span<const ReasonPhrase> phrases_of_ours();     // what this node saw or did
std::span<const ReasonPhrase> phrases_of_others();   // the system, OpenSSL: told with the words themselves behind
std::span<const ReasonPhrase> phrase_openings();     // something that differs from time to time stands behind

}  // namespace sampan::control
