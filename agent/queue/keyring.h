// SPDX-License-Identifier: Apache-2.0
// Keyring: who this node is, and the keys its records are sealed under (FORMAT.md, node.key).
//
// The last key seals; all of them open. Made on first start.
// Threads: immutable after opening.
// Fails:   an unreadable or malformed key file -> Errc::invalid naming it; it is never overwritten.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/aead.h"
#include "base/file.h"
#include "base/ids.h"
#include "queue/record.h"

namespace sampan::queue {

class Keyring {
 public:
  static Result<Keyring> open_or_make(FileSystem& files, const std::string& state_directory);

  const Uuid& node() const { return node_; }
  // A fresh data key: as sealed into a header, and ready for use.
  Key mint(Header& header) const;
  Result<Key> data_key(const Header& header) const;
  // A key for another purpose, the same for ever as long as the first key stays.
  Key derive(std::string_view purpose) const;

 private:
  struct NodeKey {
    std::uint64_t id = 0;
    Key key{};
  };
  static Result<Keyring> parse(std::string_view text, const std::string& path);
  std::string to_text() const;
  Uuid node_;
  std::vector<NodeKey> keys_;
};

}  // namespace sampan::queue
