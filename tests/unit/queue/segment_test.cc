// SPDX-License-Identifier: Apache-2.0
// A sync that fails: everybody who waited for it is told so, and the segment is never believed again.
#include "fixture.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("queue segment" * doctest::description("contract 1"));

namespace {

constexpr std::uint64_t record = 12288;

struct Three : QueueFixture {
  std::uint64_t size(std::size_t nth) { return std::filesystem::file_size(segments()[nth]); }
  // Three at once, the first of which is in its sync until all are written; what each was told.
  std::vector<Result<core::Stored>> take(unsigned from) {
    std::vector<Result<core::Stored>> told(3, fail(Errc::limit, "never told"));
    std::vector<std::thread> senders;
    for (unsigned n = 0; n < 3; ++n)
      senders.emplace_back([this, from, n, &told] { told[n] = put(pattern(10'000, from + n), image_facts("1." + std::to_string(from + n))); });
    for (auto& sender : senders) sender.join();
    return told;
  }
  // So long takes the sync whose turn it is: until so many are written, and this at least.
  void wait_for(std::uint64_t records, std::chrono::milliseconds at_least) {
    const auto begun = std::chrono::steady_clock::now();
    written = within(std::chrono::seconds(20), [&] {
      return !segments().empty() && size(0) >= 4096 + records * record && std::chrono::steady_clock::now() - begun >= at_least;
    });
  }
  void one_sync_fails(std::uint64_t records) {
    failed = false;
    files.before_sync = [this, records] {
      if (failed) {
        files.sync_fails = false;
        return;
      }
      wait_for(records, std::chrono::milliseconds(0));
      files.sync_fails = failed = true;
    };
  }
  void all_were_refused(const std::vector<Result<core::Stored>>& told, std::size_t here) {
    CHECK(written);
    for (const auto& one : told) {
      REQUIRE_FALSE(one.ok());
      CHECK(one.error().code == Errc::io);
    }
    const auto retired = size(0);
    CHECK(lease().size() == here);
    CHECK(queue->summary().items == here);
    REQUIRE(put(pattern(10'000, 9), image_facts("1.9")).ok());
    CHECK(segments().size() == 2);
    CHECK(size(0) == retired);
    CHECK(lease().size() == 1);
  }
  std::atomic<bool> failed{false}, written{false};
};

}  // namespace

TEST_CASE_FIXTURE(Three, "a_sync_that_fails_fails_those_who_wait_behind_it_and_nothing_more_is_written_to_the_segment") {
  one_sync_fails(3);
  all_were_refused(take(0), 0);
}

TEST_CASE_FIXTURE(Three, "a_sync_that_fails_on_a_slow_disk_fails_those_it_was_delayed_for") {
  files.before_sync = [this] { wait_for(3, std::chrono::milliseconds(50)); };
  for (const auto& one : take(0)) REQUIRE(one.ok());
  one_sync_fails(6);
  all_were_refused(take(3), 3);
}
