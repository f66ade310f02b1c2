// SPDX-License-Identifier: Apache-2.0
// The program of all targets. With libFuzzer (preset fuzz): SAMPAN_FUZZ=name fuzz CORPUS [-max_total_time=…].
// Without it, fuzz_replay: every kept input of every target once; fuzz_replay FOLDER [NAME…].
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz/pdu_stream.h"
#include "fuzz/target.h"

namespace sampan::fuzz {
namespace {

const int told = ::dup(STDERR_FILENO);  // libFuzzer closes the other one: what is logged is no news

}  // namespace

std::map<std::string, Target>& targets() {
  static std::map<std::string, Target> all;
  return all;
}

std::map<std::string, std::size_t>& pdu_streams() {
  static std::map<std::string, std::size_t> all;
  return all;
}

void broken(const char* what) {
  ::dprintf(told, "not so: %s\n", what);
  std::abort();
}

void cannot(const char* what) {
  ::dprintf(told, "no %s: %s\n", what, std::strerror(errno));
  std::_Exit(77);
}

}  // namespace sampan::fuzz

using namespace sampan;

#ifdef SAMPAN_LIBFUZZER

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Target target = [] {
    const char* name = std::getenv("SAMPAN_FUZZ");
    const auto found = fuzz::targets().find(name != nullptr ? name : "");
    if (found != fuzz::targets().end()) return found->second;
    std::fprintf(stderr, "SAMPAN_FUZZ names one of:");
    for (const auto& [known, ignored] : fuzz::targets()) std::fprintf(stderr, " %s", known.c_str());
    std::fprintf(stderr, "\n");
    std::_Exit(64);
  }();
  target({data, size});
  return 0;
}

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t bytes_max);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t bytes_max, unsigned seed) {
  static const auto& streams = fuzz::pdu_streams();
  static const auto stream = streams.find(std::getenv("SAMPAN_FUZZ"));
  if (stream == streams.end()) return LLVMFuzzerMutate(data, size, bytes_max);
  return fuzz::mutate_stream(data, size, bytes_max, stream->second, seed, LLVMFuzzerMutate);
}

#else

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: fuzz_replay FOLDER [NAME...]; FOLDER has a folder for each target\n"), 64;
  std::size_t inputs = 0;
  for (const auto& [name, target] : fuzz::targets()) {
    if (argc > 2 && std::none_of(argv + 2, argv + argc, [&known = name](const char* wanted) { return known == wanted; })) continue;
    const auto folder = std::filesystem::path(argv[1]) / name;
    if (!std::filesystem::is_directory(folder)) return std::fprintf(stderr, "%s: no kept inputs\n", name.c_str()), 1;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const Bytes bytes{std::istreambuf_iterator<char>(file), {}};
      std::fprintf(stderr, "%s\n", entry.path().c_str());
      target(bytes);
      ++inputs;
    }
  }
  std::printf("%zu kept inputs of %zu targets\n", inputs, fuzz::targets().size());
  return inputs > 0 ? 0 : 1;
}

#endif
