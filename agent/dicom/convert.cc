// SPDX-License-Identifier: Apache-2.0
#include "dicom/convert.h"

#include <iconv.h>

#include <array>
#include <cerrno>

namespace sampan::dicom {
namespace {

class Converter {
 public:
  explicit Converter(const char* from, const char* to = "UTF-8") : handle_(::iconv_open(to, from)) {}
  ~Converter() {
    if (usable()) ::iconv_close(handle_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  bool usable() const { return handle_ != iconv_t(-1); }

  // Appends what fits to out and takes it off bytes; true when nothing is left.
  bool run(std::string_view& bytes, std::string& out) {
    char* in = const_cast<char*>(bytes.data());
    std::size_t left = bytes.size();
    int number = E2BIG;
    while (number == E2BIG) {
      std::array<char, 512> piece;
      char* at = piece.data();
      std::size_t room = piece.size();
      number = ::iconv(handle_, &in, &left, &at, &room) == std::size_t(-1) ? errno : 0;
      out.append(piece.data(), piece.size() - room);
    }
    bytes.remove_prefix(bytes.size() - left);
    return number == 0;
  }

  // Writes out what the converter holds back, e.g. a letter that waits for its accent.
  void finish(std::string& out) {
    std::array<char, 64> piece;
    char* at = piece.data();
    std::size_t room = piece.size();
    ::iconv(handle_, nullptr, nullptr, &at, &room);
    out.append(piece.data(), piece.size() - room);
  }

 private:
  iconv_t handle_;
};

}  // namespace

static std::optional<std::string> run_strictly(Converter&& converter, std::string_view bytes) {
  std::string out;
  if (!converter.usable() || !converter.run(bytes, out)) return std::nullopt;
  converter.finish(out);
  return out;
}

std::optional<std::string> convert_strictly(std::string_view bytes, const char* encoding) {
  return run_strictly(Converter(encoding), bytes);
}

std::optional<std::string> encode_strictly(std::string_view utf8, const char* encoding) {
  return run_strictly(Converter("UTF-8", encoding), utf8);
}

std::string convert_leniently(std::string_view bytes, const char* encoding) {
  Converter wished(encoding);
  Converter ascii("ASCII");
  Converter& converter = wished.usable() ? wished : ascii;
  std::string out;
  while (!converter.run(bytes, out)) {
    out += replacement_character;
    bytes.remove_prefix(1);
  }
  converter.finish(out);
  return out;
}

}  // namespace sampan::dicom
