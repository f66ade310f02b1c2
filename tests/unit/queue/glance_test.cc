// SPDX-License-Identifier: Apache-2.0
// What a status asks waits neither for what people ask nor for what is asked about proof and promises.
#include <thread>

#include "fixture.h"
#include "queue/counts.h"
#include "queue/lookup.h"
#include "queue/pledges.h"
#include "queue/unproven.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("glance");

namespace {

constexpr int exams = 2000, searches = 6;

struct GlanceFixture : QueueFixture {
  GlanceFixture() {
    files.syncs_for_nothing = true;
    for (int i = 0; i < exams; ++i) REQUIRE(put(pattern(100, static_cast<unsigned>(i)), image_facts(uid(i), "2." + std::to_string(i))).ok());
    queue->drain();
  }
  static std::string uid(int i) { return "1." + std::to_string(i); }

  // Of so many searches, during how many a question that was asked in the midst of it was answered before it was done. Where the one
  // waits for the other there is none.
  using Found = std::shared_ptr<void>;  // goes when the search has been seen to be done
  int answers_during(const std::function<Found()>& search, const std::function<void()>& question) {
    std::atomic<int> begun{0}, done{0}, looked{0};
    std::thread searching([&] {
      for (int i = 1; i <= searches; ++i) {
        begun = i;
        const Found found = search();
        done = i;
        while (looked < i) std::this_thread::yield();
      }
    });
    int answers = 0;
    for (int i = 1; i <= searches; ++i) {
      while (begun < i) std::this_thread::yield();
      for (const auto midst = std::chrono::steady_clock::now() + std::chrono::milliseconds(2); std::chrono::steady_clock::now() < midst;) std::this_thread::yield();
      question();
      answers += done < i ? 1 : 0;
      looked = i;
    }
    searching.join();
    return answers;
  }
};

}  // namespace

TEST_CASE_FIXTURE(GlanceFixture, "what_a_status_asks_waits_for_no_search_of_a_person" * doctest::description("contract 8")) {
  queue::Lookup& lookup = queue->lookup();
  const auto search = [&] { return std::make_shared<std::vector<queue::Exam>>(lookup.received_between({0}, {INT64_MAX}, exams)); };
  REQUIRE(search()->size() == exams);
  CHECK(answers_during(search, [&] { queue->counts().totals(); }) > 1);
  CHECK(answers_during(search, [&] { queue->counts().destinations(); }) > 1);
  CHECK(answers_during(search, [&] { queue->glance().exams_in("lead", core::DeliveryState::rejected, 5); }) > 1);
  CHECK(answers_during(search, [&] { queue->glance().received_between({0}, {INT64_MAX}, 1); }) > 1);
}

TEST_CASE_FIXTURE(GlanceFixture, "what_a_status_asks_waits_for_no_question_about_proof_or_promises" * doctest::description("contract 8")) {
  core::PromiseRequest request{"2.25.1", "CT1", "SAMPAN", "192.0.2.7", {}};
  for (int i = 0; i < exams; ++i) request.instances.push_back({"1.2.840.10008.5.1.4.1.1.2", uid(i)});
  REQUIRE(queue->pledges().keep(request).ok());
  queue->drain();
  const auto search = [&] { return std::make_shared<std::optional<queue::Pledges::Standing>>(queue->pledges().standing("2.25.1")); };
  REQUIRE((*search())->instances.size() == exams);
  CHECK(answers_during(search, [&] { queue->pledges().summary(); }) > 1);
  CHECK(answers_during(search, [&] { queue->unproven().with_node("lead"); }) > 1);
  CHECK(answers_during(search, [&] { queue->unproven().longer_than("lead", Millis(0)); }) > 1);
}

TEST_SUITE_END();
