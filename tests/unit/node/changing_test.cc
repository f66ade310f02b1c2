// SPDX-License-Identifier: Apache-2.0
#include "node/changing.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "core/limits.h"
#include "support/memory_payload.h"
#include "support/part10.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("node" * doctest::description("contract 8"));

namespace {

core::Consignment image(std::uint8_t number) {
  DataSetWriter out;
  out.text(0x00100020, "LO", "123");
  core::Consignment one;
  one.payload = std::make_shared<MemoryPayload>(out.bytes());
  one.item.id.bytes[15] = number;
  one.item.facts.set(core::Fact::transfer_syntax_uid, std::string(explicit_le));
  return one;
}

// Whatever comes from CT kills the worker: it sees the order to do so in its environment.
struct Poisoned {
  Poisoned() { ::setenv("SAMPAN_CRASH_AT", "worker.transform@CT", 1); }
  ~Poisoned() { ::unsetenv("SAMPAN_CRASH_AT"); }
  worker::Worker worker;
  node::Changing changing{worker};
  const dicom::Transform wanted{"CLINIC", "", "", ""};
  std::string change(const core::Consignment& one, const dicom::Transform& to, const char* source) {
    const auto changed = changing.change(one, to, {WallTime{1}, "SAMPAN", source});
    if (changed) return *changed == one.payload ? "left as it is" : "changed";
    return changed.error().code == Errc::limit ? "given up" : changed.error().code == Errc::unreachable ? "broke off" : "failed";
  }
};

}  // namespace

TEST_CASE_FIXTURE(Poisoned, "an_image_that_ends_the_worker_is_given_up_after_three_tries_and_the_others_are_changed") {
  for (unsigned time = 1; time < core::limits::crashes_max; ++time) {
    CHECK(change(image(1), wanted, "CT") == "broke off");
    CHECK(change(image(2), wanted, "MR") == "changed");
  }
  CHECK(change(image(1), wanted, "CT") == "given up");
  CHECK(change(image(1), {}, "CT") == "left as it is");
  // Where a person lets it go again it has all its tries again.
  CHECK(change(image(1), wanted, "CT") == "broke off");
}

TEST_CASE_FIXTURE(Poisoned, "what_breaks_off_is_counted_for_each_change_of_an_image_and_forgotten_when_it_succeeds") {
  const dicom::Transform other{"", "P-", "", ""};
  for (unsigned time = 1; time < core::limits::crashes_max; ++time) CHECK(change(image(1), wanted, "CT") == "broke off");
  CHECK(change(image(1), other, "CT") == "broke off");
  CHECK(change(image(1), wanted, "MR") == "changed");
  CHECK(change(image(1), wanted, "CT") == "broke off");
}

TEST_CASE_FIXTURE(Poisoned, "a_worker_that_cannot_be_had_gives_up_no_image") {
  worker::Worker none({.command = {"/nonexistent/sampand", "--worker"}});
  node::Changing without(none);
  for (unsigned time = 0; time < 2 * core::limits::crashes_max; ++time)
    CHECK(without.change(image(1), wanted, {}).error().code == Errc::unreachable);
  worker.stop();
  CHECK(change(image(1), wanted, "CT") == "failed");
}

TEST_CASE_FIXTURE(Poisoned, "images_remembered_for_breaking_off_are_bounded" * doctest::description("contract 10")) {
  for (unsigned time = 1; time < core::limits::crashes_max; ++time) CHECK(change(image(1), wanted, "CT") == "broke off");
  for (std::size_t number = 0; number < core::limits::beacon_strikes_max; ++number) {
    core::Consignment one = image(2);
    one.item.id.bytes[0] = static_cast<std::uint8_t>(number);
    CHECK(change(one, wanted, "CT") == "broke off");
  }
  CHECK(change(image(1), wanted, "CT") == "given up");
}
