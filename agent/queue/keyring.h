// SPDX-License-Identifier: Apache-2.0
// Keyring: who this node is, and the keys its records are sealed under (FORMAT.md, Keys).
//
// The last key seals; all of them open. On disk each is wrapped: for this machine (a credential of the service manager, or a
// key file), and for the recovery key that a person keeps. Made on first start; both copies of the file are replaced whole.
// A keyring that does not open, or is missing where records are, is never replaced by another.
// Threads: any. minting and opening wait for nobody.   Owns: <state>/keys.
// Fails:   no key opens it, it is missing or damaged -> Errc::refused, in both languages, with nothing touched;
//          the disk -> Errc::io or full as it says.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/aead.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/ids.h"
#include "queue/key_text.h"
#include "queue/record.h"

namespace sampan::queue {

struct KeySources {
  std::string state_directory;
  std::string credentials_directory = {};  // of the service manager; empty: none
  std::optional<Key> recovery = {};        // the private half
};

// How the keys are kept, for people.
struct Protection {
  ProtectorKind by = ProtectorKind::file;
  bool memory_locked = false;
  std::size_t node_keys = 0;
  WallTime newest_made{};
  enum class Recovery { none, made, handed_out } recovery = Recovery::none;
  std::optional<WallTime> recovery_made;
};

class Keyring {
 public:
  static Result<Keyring> open_or_make(FileSystem& files, const KeySources& sources);
  static Result<Keyring> open_or_make(FileSystem& files, const std::string& state_directory) {
    return open_or_make(files, KeySources{state_directory});
  }
  // Writes nothing. For a state directory that is another machine's.
  static Result<Keyring> open_only(FileSystem& files, const KeySources& sources);
  Keyring(Keyring&&) noexcept;
  Keyring& operator=(Keyring&&) noexcept;
  ~Keyring();

  const Uuid& node() const;
  // A fresh data key: as sealed into a header, and ready for use.
  Key mint(Header& header) const;
  Result<Key> data_key(const Header& header) const;
  bool knows(std::uint64_t key_id) const;
  // A key for another purpose, the same for ever: of the first key.
  Key derive(std::string_view purpose) const;

  // From now on records are sealed under a new key; the others stay.
  Status rotate();
  // A new recovery key, as text, and never again. The one before holds until this one was handed out.
  Result<std::string> make_recovery();
  // A person was shown the recovery key that was made last.
  Status handed_out();
  Protection protection() const;

 private:
  struct State;
  explicit Keyring(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Refused where the newest segments show that this is not the keyring of this spool. Writes nothing.
Status check_spool(FileSystem& files, const std::string& spool, const Keyring& keys);

}  // namespace sampan::queue
