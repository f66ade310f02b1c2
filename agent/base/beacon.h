// SPDX-License-Identifier: Apache-2.0
// Beacon: what was being touched when the process died, remembered in a small mapped file, so that what kills it three times is
// left alone (DESIGN, Threads and processes).
//
// A touch is marked while foreign content is worked on, and at no other time: a process that dies elsewhere, of whatever,
// leaves no mark. A mark that is found at the next start is a strike against its content, until it was touched from beginning to
// end without harm. Marks of before a power cut are none: the machine's own time since it started, and when that was, are written
// beside them. (Not its boot id: the hardened unit hides the file that tells it.)
// What the file holds: a header, touches, strikes; of fixed size, and no names: a content is 16 bytes of a hash.
// Threads: any.   Owns: the file.
// Fails:   never. Without its file it remembers as long as the process lives, which is not at all; a file that is not its own, or
//          of another version, is begun anew.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

namespace sampan {

class Beacon {
 public:
  using Content = std::array<std::uint8_t, 16>;
  // kind keeps contents of different doors apart.
  static Content content_of(std::string_view kind, std::string_view name);

  struct Bounds {
    std::size_t touches_max = 0;  // at once; more of them go unmarked
    std::size_t strikes_max = 0;  // contents remembered; the one with the fewest strikes makes room
  };
  // Remembers nothing yet.
  static std::unique_ptr<Beacon> make(Bounds bounds);
  // Before anything is touched: takes stock of what the file remembers, and remembers there from now on.
  void attach(const std::string& path);
  ~Beacon();
  Beacon(const Beacon&) = delete;
  Beacon& operator=(const Beacon&) = delete;

  // How often the process died while it touched this.
  unsigned strikes(const Content& content) const;
  // It was touched, all of it, and nothing happened.
  void forgive(const Content& content);
  // Contents with strikes.
  std::size_t struck() const;

  // Marked as long as it lives. A null beacon marks nothing.
  class Touch {
   public:
    Touch(Beacon* beacon, const Content& content) : beacon_(beacon), mark_(beacon == nullptr ? no_mark : beacon->mark(content)) {}
    ~Touch() {
      if (mark_ != no_mark) beacon_->clear(mark_);
    }
    Touch(const Touch&) = delete;

   private:
    Beacon* const beacon_;
    const std::size_t mark_;
  };

 private:
  struct Header;
  struct Touched;
  struct Struck;
  static constexpr std::size_t no_mark = ~std::size_t{0};
  Beacon(void* at, Bounds bounds);
  std::size_t bytes() const;
  void take_stock();
  void strike(const Content& content);
  std::size_t mark(const Content& content);
  void clear(std::size_t mark);

  Header* const header_;
  const std::span<Touched> touches_;
  const std::span<Struck> strikes_;
  mutable std::mutex mutex_;
};

}  // namespace sampan
