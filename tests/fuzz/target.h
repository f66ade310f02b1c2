// SPDX-License-Identifier: Apache-2.0
// Target: one parser of foreign bytes, as a function of them. It may answer anything; it may not crash, hang, or break what
// expect() says. All targets are in one program, which one is meant says SAMPAN_FUZZ.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

#include "base/file.h"
#include "core/courier.h"

namespace sampan::fuzz {

using Target = void (*)(ByteView);
std::map<std::string, Target>& targets();

struct Registration {
  Registration(const char* name, Target target) { targets()[name] = target; }
};

// Targets whose input is what one side of an association says, behind so many bytes that choose: changed as pdu_stream.h does.
std::map<std::string, std::size_t>& pdu_streams();
struct PduStream {
  PduStream(const char* name, std::size_t choices) { pdu_streams()[name] = choices; }
};

// FUZZ_TARGET(name) { ... input ... }
#define FUZZ_TARGET(name)                                                   \
  static void name##_target(::sampan::ByteView input);                      \
  static const ::sampan::fuzz::Registration name##_known(#name, name##_target); \
  static void name##_target(::sampan::ByteView input)

// Says what is not so where it is seen, also while libFuzzer keeps the program quiet, and ends it.
[[noreturn]] void broken(const char* what);
// The machine does not give it, errno says why: no finding, and the program ends with 77.
[[noreturn]] void cannot(const char* what);
inline void expect(bool holds, const char* what) {
  if (!holds) broken(what);
}

// Takes choices from the front of the input; what is left is what is parsed.
class Feed {
 public:
  explicit Feed(ByteView input) : left_(input) {}
  std::uint8_t byte() {
    if (left_.empty()) return 0;
    const std::uint8_t first = left_.front();
    left_ = left_.subspan(1);
    return first;
  }
  std::uint64_t number(unsigned bytes) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) value |= std::uint64_t{byte()} << (8 * i);
    return value;
  }
  ByteView take(std::size_t bytes) {
    const ByteView taken = left_.first(std::min(bytes, left_.size()));
    left_ = left_.subspan(taken.size());
    return taken;
  }
  std::string word() { return std::string(as_text(take(byte()))); }
  ByteView rest() const { return left_; }
  bool empty() const { return left_.empty(); }

 private:
  ByteView left_;
};

// Bytes as a payload, and as a file that cannot be written.
class Held final : public core::Payload {
 public:
  explicit Held(ByteView bytes) : bytes_(bytes.begin(), bytes.end()) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Result<std::size_t> read(std::uint64_t offset, ByteSpan into) override {
    if (offset >= bytes_.size()) return std::size_t{0};
    const std::size_t got = std::min<std::size_t>(into.size(), bytes_.size() - offset);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), got, into.begin());
    return got;
  }

 private:
  const Bytes bytes_;
};

class HeldFile final : public File {
 public:
  explicit HeldFile(ByteView bytes) : held_(bytes) {}
  Result<std::size_t> read_at(std::uint64_t offset, ByteSpan into) override { return held_.read(offset, into); }
  Result<std::uint64_t> size() override { return held_.size(); }
  Status write_at(std::uint64_t, ByteView) override { return fail(Errc::io, "not here"); }
  Status sync() override { return {}; }
  Status punch(std::uint64_t, std::uint64_t) override { return fail(Errc::io, "not here"); }
  Status reserve(std::uint64_t) override { return {}; }
  void write_back(std::uint64_t, std::uint64_t) override {}
  void will_need(std::uint64_t, std::uint64_t) override {}
  void forget(std::uint64_t, std::uint64_t) override {}

 private:
  Held held_;
};

// Files by the ends of their names, and no others.
class FewFiles final : public FileSystem {
 public:
  explicit FewFiles(std::map<std::string, ByteView> files) : files_(std::move(files)) {}
  Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) override {
    const auto found = std::ranges::find_if(files_, [&path](const auto& one) { return path.ends_with(one.first); });
    if (mode != Mode::read || found == files_.end()) return fail(Errc::not_found, "not here");
    return std::unique_ptr<File>(new HeldFile(found->second));
  }
  Status make_directories(const std::string&) override { return {}; }
  Status sync_directory(const std::string&) override { return {}; }
  Status rename(const std::string&, const std::string&) override { return fail(Errc::io, "not here"); }
  Status unlink(const std::string&) override { return fail(Errc::io, "not here"); }
  Result<std::vector<std::string>> list(const std::string&) override { return std::vector<std::string>{}; }
  Result<DiskSpace> space(const std::string&) override { return DiskSpace{}; }

 private:
  const std::map<std::string, ByteView> files_;
};

}  // namespace sampan::fuzz
