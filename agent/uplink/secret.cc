// SPDX-License-Identifier: Apache-2.0
#include "uplink/secret.h"

#include <algorithm>

#include "core/limits.h"

namespace sampan::uplink {

Result<std::string> read_secret(FileSystem& files, const std::string& path) {
  auto bytes = read_whole(files, path, core::limits::secret_bytes_max);
  if (!bytes) return fail(bytes.error().code, "a secret cannot be read: " + bytes.error().message);
  std::string text(as_text(*bytes));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  // A control character could end a header line and begin another.
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (text.empty() || std::any_of(text.begin(), text.end(), control))
    return fail(Errc::invalid, "a secret is not one line of text: " + path);
  return text;
}

}  // namespace sampan::uplink
