// SPDX-License-Identifier: Apache-2.0
// Real senders against the intake: DCMTK's tools as the modalities of the world have them built in.
#include <doctest/doctest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "dimse_fixture.h"
#include "support/part10.h"

using namespace sampan;
using namespace sampan::intake;

namespace {

// A folder of images, gone with the test.
class Images {
 public:
  explicit Images(std::size_t count, std::size_t pixel_bytes = 5000) {
    std::string pattern = (std::filesystem::temp_directory_path() / "sampan-intake-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) SAMPAN_PANIC("mkdtemp");
    folder_ = pattern;
    for (std::size_t i = 1; i <= count; ++i) write("2.25.900" + std::to_string(i), pixel_bytes);
  }
  ~Images() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::vector<std::string> paths;

 private:
  void write(const std::string& uid, std::size_t pixel_bytes) {
    paths.push_back((folder_ / (uid + ".dcm")).string());
    std::ofstream out(paths.back(), std::ios::binary);
    const Bytes head = test::file_head(ct_class, uid, explicit_le);
    const Bytes body = small_image(uid, pixel_bytes);
    out << as_text(head) << as_text(body);
  }
  std::filesystem::path folder_;
};

std::vector<std::string> command(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

TEST_CASE("echoscu_is_answered") {
  Clinic clinic;
  CHECK(run_program(clinic, {"echoscu", "--repeat", "3", "127.0.0.1", clinic.port()}) == 0);
}

TEST_CASE("storescu_delivers_every_image") {
  Clinic clinic;
  const Images images(10);
  REQUIRE(run_program(clinic, command({"storescu", "-R", "-aec", "SAMPAN", "127.0.0.1", clinic.port()}, images.paths)) == 0);
  REQUIRE(clinic.sink.stored.size() == 10);
  CHECK(clinic.sink.stored[0].facts.get(core::Fact::sop_instance_uid) == "2.25.9001");
  CHECK(clinic.sink.stored[0].facts.get(core::Fact::calling_ae) == "STORESCU");
  CHECK(clinic.sink.stored[0].bytes == small_image("2.25.9001", 5000));
}

TEST_CASE("dcmsend_delivers_every_image") {
  Clinic clinic;
  const Images images(10, 200'000);
  REQUIRE(run_program(clinic, command({"dcmsend", "-aec", "SAMPAN", "127.0.0.1", clinic.port()}, images.paths)) == 0);
  CHECK(clinic.sink.stored.size() == 10);
}

TEST_CASE("storescu_hears_of_a_full_spool") {
  Clinic clinic;
  const Images images(1);
  clinic.sink.fail_commit = fail(Errc::full, "no space");
  CHECK(run_program(clinic, command({"storescu", "-R", "127.0.0.1", clinic.port()}, images.paths)) != 0);
  CHECK(clinic.sink.committing == 1);
  CHECK(clinic.sink.stored.empty());
}
