// SPDX-License-Identifier: Apache-2.0
// What lies in folders and on media, and what a caller says of itself.
#include "fuzz/target.h"
#include "intake/dimse_socket.h"
#include "intake/folder_dicomdir.h"
#include "intake/folder_head.h"
#include "intake/folder_plain.h"
#include "intake/folder_whole.h"
#include "uplink/folder_names.h"

namespace sampan::fuzz {

FUZZ_TARGET(folder_head) {
  Feed feed(input);
  const std::uint64_t more = feed.number(2);
  const auto read = intake::read_head(feed.rest(), feed.rest().size() + more);
  if (const auto* head = std::get_if<intake::FileHead>(&read))
    expect(head->data_set_offset <= feed.rest().size() + more, "a data set begins within its file");
  const auto read_at = [&feed](std::uint64_t at, ByteSpan into) {
    const ByteView left = feed.rest().subspan(std::min<std::uint64_t>(at, feed.rest().size()));
    std::copy_n(left.begin(), std::min(left.size(), into.size()), into.begin());
    return Result<std::size_t>(std::min(left.size(), into.size()));
  };
  for (const char* syntax : {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"})
    static_cast<void>(intake::ends_early(read_at, 0, feed.rest().size() + more, syntax));
}

FUZZ_TARGET(dicomdir) {
  for (const auto& [name, uid] : intake::referenced_files(input)) {
    expect(uid.size() <= 64 && uid.find_first_not_of("0123456789.") == std::string::npos, "a UID is digits and points");
    expect(!name.empty() && name.front() != '/' && name.find('\0') == std::string::npos, "a name stays below its folder");
    expect(name != ".." && !name.starts_with("../") && name.find("/../") == std::string::npos, "a name leads nowhere else");
  }
}

FUZZ_TARGET(names) {
  Feed feed(input);
  const std::string first = feed.word(), second(as_text(feed.rest()));
  const auto uid = uplink::safe_name(second, "none"), file = uplink::safe_file_name(second);
  expect(!uid.empty() && uid.size() <= 200 && uid != "." && uid != ".." && uid.find('/') == std::string::npos, "a UID is one name");
  expect(file.size() <= 150 && file.find('/') == std::string::npos && file.find('\0') == std::string::npos, "a file's name is one name");
  static_cast<void>(intake::media_type_of(as_bytes(second), first));
  static_cast<void>(intake::canonical_address(second));
  static_cast<void>(uuid_from(second));
  static_cast<void>(from_hex(second));
}

}  // namespace sampan::fuzz
