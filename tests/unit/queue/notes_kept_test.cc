// SPDX-License-Identifier: Apache-2.0
// What a compaction keeps of promises and of duties that were given later: each rule of FORMAT.md by what a rebuild then knows.
#include "fixture.h"
#include "queue/pledges.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("notes kept" * doctest::description("contract 1, 4"));

namespace {

struct KeptFixture : QueueFixture {
  KeptFixture() { compacting(false); }

  // From the next start on.
  void compacting(bool now) {
    stop();
    notes_slack_bytes = now ? 0 : 1u << 30;
    start();
    queue->drain();
  }
  void ask(const std::string& transaction, unsigned instances = 1) {
    core::PromiseRequest asked{transaction, "CT1", "SAMPAN", "192.0.2.7", {}};
    for (unsigned i = 0; i < instances; ++i) asked.instances.push_back({"1.2.840.10008.5.1.4.1.1.2", "1." + std::to_string(i)});
    REQUIRE(queue->pledges().keep(asked).ok());
  }
  // Before two others; the answer stands in a segment of its own, which is given.
  std::string ask_and_answer(const std::string& transaction) {
    ask(transaction), ask("2.25.8"), ask("2.25.9");
    restart();
    queue->pledges().answered(transaction);
    queue->drain();
    const std::string answer = segments('n').at(1);
    restart();
    return answer;
  }
  std::size_t asked_about(const std::string& transaction) {
    queue->drain();
    const auto standing = queue->pledges().standing(transaction);
    return standing ? standing->instances.size() : 0;
  }
  // Compacts all that can be, and has what is left read without the ledger.
  void compact_and_rebuild(const std::string& must_go) {
    compacting(true);
    turns(6);
    CHECK_FALSE(std::filesystem::exists(must_go));
    restart(true);
  }
  // Of the first segment, which so is kept as it is: its second record, with sound ones around it.
  void damage_first_segment() {
    const std::string first = segments('n').at(0);
    stop();
    overwrite(first, 4096 + 4096 + 500, {1, 2, 3, 4, 5, 6, 7, 8});
    lose_ledger();
    start();
    queue->drain();
    REQUIRE(queue->summary().quarantined == 1);
  }
};

}  // namespace

TEST_CASE_FIXTURE(KeptFixture, "a_promise_that_is_open_outlives_the_segment_it_was_written_in" * doctest::description("contract 1")) {
  ask("2.25.1", 100);
  ask("2.25.2");
  const std::string first = segments('n').at(0);
  restart();
  queue->pledges().answered("2.25.2");
  restart();
  ask("2.25.3", 2);
  compact_and_rebuild(first);
  CHECK(asked_about("2.25.1") == 100);
  CHECK(asked_about("2.25.2") == 0);
  CHECK(asked_about("2.25.3") == 2);
  CHECK(queue->pledges().summary().open == 2);
}

TEST_CASE_FIXTURE(KeptFixture, "a_promise_that_was_answered_is_not_open_again_where_its_asking_is_still_on_the_disk") {
  const std::string answer = ask_and_answer("2.25.1");
  ask("2.25.7");  // the newest segment stays in any case
  restart();
  damage_first_segment();
  REQUIRE(asked_about("2.25.1") == 0);
  compact_and_rebuild(answer);
  CHECK(asked_about("2.25.1") == 0);
  CHECK(asked_about("2.25.9") == 1);
}

TEST_CASE_FIXTURE(KeptFixture, "the_answer_to_a_promise_does_not_take_back_one_that_was_asked_for_again" * doctest::description("contract 1")) {
  const std::string answer = ask_and_answer("2.25.1");
  ask("2.25.1", 3);
  restart();
  damage_first_segment();
  REQUIRE(asked_about("2.25.1") == 3);
  compact_and_rebuild(answer);
  CHECK(asked_about("2.25.1") == 3);
}

TEST_CASE_FIXTURE(KeptFixture, "a_duty_that_was_given_later_outlives_the_segment_it_was_written_in_also_behind_its_receipt" * doctest::description("contract 4")) {
  destinations = {};
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  REQUIRE(put(pattern(1000, 2), image_facts("1.2")).ok());
  queue->drain();
  destinations = {"lead", "old"};
  queue->route_again();
  queue->drain();
  deliver(lease().at(0));
  const std::string first = segments('n').at(0);
  restart();
  deliver(lease().at(0), core::Level::accepted);
  destinations = {"new"};  // routes of another day
  compact_and_rebuild(first);
  CHECK(count("old").waiting == 2);
  CHECK(count("lead").delivered == 2);
  CHECK(count("lead").archived == 1);
  CHECK(count("new").waiting == 0);
  CHECK(count("").waiting == 0);
}
