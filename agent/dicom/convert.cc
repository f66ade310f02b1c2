// SPDX-License-Identifier: Apache-2.0
#include "dicom/convert.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <vector>

namespace sampan::dicom {
namespace {

// Null where every encoding may be looked for; set once, before there are threads.
const std::vector<std::string_view>* kept = nullptr;

bool may_open(std::string_view encoding) { return kept == nullptr || std::ranges::find(*kept, encoding) != kept->end(); }

class Converter {
 public:
  explicit Converter(const char* from, const char* to = "UTF-8")
      : handle_(may_open(from) && may_open(to) ? ::iconv_open(to, from) : iconv_t(-1)) {}
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

// Modules of the C library stay loaded as long as somebody has them open.
void keep_converters(std::span<const char* const> encodings) {
  std::vector<std::string_view> found;
  for (const char* encoding : encodings) {
    auto from = std::make_unique<Converter>(encoding), to = std::make_unique<Converter>("UTF-8", encoding);
    if (!from->usable() || !to->usable()) continue;
    from.release(), to.release();
    found.push_back(encoding);
  }
  kept = new std::vector<std::string_view>(std::move(found));
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
