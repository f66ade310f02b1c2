// SPDX-License-Identifier: Apache-2.0
// Part10: DICOM files and data sets for tests, byte by byte and without DCMTK, so that a test shares no error with the
// code under test.
//
// Fails:  input that cannot be understood -> Errc::invalid; writing never fails.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace sampan::test {

inline constexpr std::string_view implicit_le = "1.2.840.10008.1.2";
inline constexpr std::string_view explicit_le = "1.2.840.10008.1.2.1";
inline constexpr std::string_view explicit_be = "1.2.840.10008.1.2.2";

// What the file meta information says, and where the data set begins.
struct FileMeta {
  std::string sop_class;
  std::string sop_instance;
  std::string transfer_syntax;
  std::size_t data_set_offset = 0;
};
Result<FileMeta> read_file_meta(ByteView file);

// Where the value of a top-level element lies in a data set; sequences of undefined length before it are not walked.
struct Place {
  std::size_t offset = 0;
  std::size_t length = 0;
};
std::optional<Place> find_element(ByteView data_set, std::string_view transfer_syntax, std::uint32_t tag);
// Its text without padding; empty when it is not there.
std::string element_text(ByteView data_set, std::string_view transfer_syntax, std::uint32_t tag);

// Appends elements in the order of the calls: the caller keeps tags ascending.
class DataSetWriter {
 public:
  explicit DataSetWriter(std::string_view transfer_syntax = explicit_le);

  void text(std::uint32_t tag, std::string_view vr, std::string_view value);
  void u16(std::uint32_t tag, std::uint16_t value);
  // Only the header; the caller appends length bytes by raw() or writes them elsewhere. undefined: 0xffffffff.
  void header(std::uint32_t tag, std::string_view vr, std::uint32_t length);
  void raw(ByteView bytes);
  const Bytes& bytes() const { return bytes_; }

 private:
  void number(std::uint32_t value, std::size_t bytes);

  bool implicit_vr_;
  bool big_endian_;
  Bytes bytes_;
};

// Preamble, DICM and group 2 for a data set that follows.
Bytes file_head(std::string_view sop_class, std::string_view sop_instance, std::string_view transfer_syntax);
// A fresh UID under 2.25 (PS3.5 B.2); with length, made to be exactly so many characters (22 to 64), else natural.
std::string fresh_uid(std::size_t length = 0);

}  // namespace sampan::test
