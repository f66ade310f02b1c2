// SPDX-License-Identifier: Apache-2.0
// FactScanner: finds the facts of a DICOM data set in its first bytes, as they arrive.
//
// Feed it the data set as it is on the wire, in pieces of any size. It looks at top-level elements only, keeps their
// bytes undecoded, and is done after the last tag it wants, at Pixel Data, or after limits::scan_bytes_max.
// Memory: a few KiB and the facts; a deflated data set costs a decompressor besides.
// Threads: one at a time.
// Fails:   never. Damage ends the scan: fewer facts, and what was found before it stays.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "core/facts.h"

namespace sampan::dicom {

class Inflater;

class FactScanner {
 public:
  explicit FactScanner(std::string_view transfer_syntax_uid);
  ~FactScanner();
  FactScanner(FactScanner&&) noexcept;
  FactScanner& operator=(FactScanner&&) noexcept;

  void feed(ByteView bytes);
  // More bytes would change nothing.
  bool done() const { return step_ == Step::finished; }
  // What was found; SOP Class and Instance UID are not among it, the command names them. Empties the scanner.
  core::Facts take() { return std::move(facts_); }
  // (0008,0018) of the data set, to be compared with the command's; empty when it has none.
  std::string_view data_sop_instance_uid() const { return data_sop_instance_uid_; }

 private:
  struct Coding {
    bool implicit_vr;
    bool big_endian;
  };
  // An open sequence, or an open item of one, whose length is undefined.
  struct Level {
    bool is_item;
    Coding coding;
  };
  struct Element {
    std::uint32_t tag = 0;
    std::uint32_t length = 0;
    bool is_un = false;
  };
  enum class Step { header, value, skip, finished };

  void parse(ByteView bytes);
  void step_done();
  bool header_is_long() const;
  bool read_header();
  void enter_element();
  void enter_delimiter();
  void open_level(Level level);
  void skip(std::uint32_t length);
  void next_header();
  void keep_value();
  const Coding& coding() const { return levels_.empty() ? coding_ : levels_.back().coding; }

  Coding coding_{};
  Step step_ = Step::header;
  std::uint64_t scanned_bytes_ = 0;
  std::uint64_t remaining_bytes_ = 8;  // of the present step
  Bytes gathered_;                     // header or value, as far as it has come
  Element element_;
  std::vector<Level> levels_;
  core::Facts facts_;
  std::string data_sop_instance_uid_;
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace sampan::dicom
