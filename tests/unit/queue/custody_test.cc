// SPDX-License-Identifier: Apache-2.0
// What was acknowledged stays, whatever comes between: reuse of numbers, failed writes beside good ones, damage beside reclaiming.
#include <future>

#include "fixture.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("custody" * doctest::description("contract 1, 2"));

TEST_CASE_FIXTURE(QueueFixture, "a_segment_number_is_never_used_again_so_that_no_new_image_is_taken_for_an_old_one" *
                                    doctest::description("contract 2")) {
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  deliver(lease().at(0));
  REQUIRE(put(pattern(3'000'000, 2), image_facts("1.2")).ok());
  deliver(lease().at(0));
  queue->tick();
  queue->drain();
  restart();
  REQUIRE(put(pattern(3'000'000, 3), image_facts("1.3")).ok());
  CHECK(lease().size() == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "a_segment_with_something_set_aside_in_it_is_never_unlinked" * doctest::description("contract 9")) {
  for (unsigned i = 0; i < 3; ++i) REQUIRE(put(pattern(10'000, i), image_facts("1." + std::to_string(i))).ok());
  stop();
  const std::string path = segments().at(0);
  SUBCASE("a damaged record") { overwrite(path, 4096 + 12288 + 5000, {0x55, 1, 2, 3, 4, 5, 6, 7}); }
  SUBCASE("a torn tail") { overwrite(path, 4096 + 2 * 12288 + 5000, {0x55, 1, 2, 3, 4, 5, 6, 7}); }
  restart(true);
  for (const auto& one : lease()) deliver(one);
  queue->tick();
  queue->drain();
  restart();
  restart();
  CHECK(queue->summary().items == 0);
  CHECK(std::filesystem::exists(path));
}

TEST_CASE_FIXTURE(QueueFixture, "what_a_node_accepted_is_undelivered_whomever_a_person_believes" * doctest::description("contract 2, 4")) {
  for (const char* uid : {"1.1", "1.2"}) REQUIRE(put(pattern(1000, 1), image_facts(uid)).ok());
  auto leased = lease();
  deliver(leased[0], core::Level::accepted);
  queue->deliver("lead", {leased[1].item.id, leased[1].item.sha256, "HUB@192.0.2.1:104 (sampan)", clock.wall(), core::Level::accepted});
  queue->drain();
  CHECK(queue->counts().undelivered({}).value() == 2);
  CHECK(queue->counts().undelivered({"lead"}).value() == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "what_is_not_delivered_to_everyone_is_counted_also_without_the_ledger" * doctest::description("contract 2")) {
  const auto undelivered = [this] {
    queue->drain();
    return queue->counts().undelivered({}).value();
  };
  destinations = {"lead", "second"};
  for (const char* uid : {"1.1", "1.2", "1.3"}) REQUIRE(put(pattern(1000, 1), image_facts(uid)).ok());
  CHECK(undelivered() == 3);
  auto leased = lease();
  deliver(leased[0]);
  deliver(lease(1, "second")[0], core::Level::archived, "second");
  CHECK(undelivered() == 2);
  deliver(leased[1]);  // to one of two
  queue->reject("lead", leased[2].item.id, "refused");
  CHECK(undelivered() == 2);
  REQUIRE(put(pattern(1000, 4), image_facts("1.5")).ok());
  deliver(lease()[0], core::Level::accepted);
  for (const auto& one : lease(10, "second")) deliver(one, core::Level::archived, "second");
  CHECK(undelivered() == 2);  // refused, and accepted by who did not say that it keeps it
  CHECK(queue->counts().undelivered({"second"}).value() == 2);
  CHECK(queue->counts().undelivered({"lead"}).value() == 1);
  destinations = {};
  REQUIRE(put(pattern(1000, 2), image_facts("1.4")).ok());
  core::Manifest telemetry;
  telemetry.kind = core::Kind::event;
  REQUIRE(put(pattern(100, 3), {}, telemetry).ok());
  CHECK(undelivered() == 3);
  destinations = {"lead", "second"};
  restart(true);
  CHECK(undelivered() == 3);
}

TEST_CASE_FIXTURE(QueueFixture, "an_image_whose_sync_outlives_the_failed_write_of_another_is_carried" * doctest::description("contract 1")) {
  queue->drain();  // no sync but that of the image
  std::promise<void> syncing, go_on;
  std::atomic<int> first{1};
  files.before_sync = [&, released = go_on.get_future().share()] {
    if (first.exchange(0) == 0) return;
    syncing.set_value();
    released.wait();
  };
  auto good = std::async(std::launch::async, [this] { return put(pattern(1000, 1), image_facts("1.1")); });
  syncing.get_future().wait();
  files.full = true;
  auto inflow = queue->open({core::Kind::event, {}, {}, {}, 0});
  REQUIRE((*inflow)->append(pattern(1000, 2)).ok());
  CHECK((*inflow)->commit({}).error().code == Errc::full);
  files.full = false;
  auto drained = std::async(std::launch::async, [this] { queue->drain(); });
  drained.wait_for(std::chrono::milliseconds(200));
  go_on.set_value();
  REQUIRE(good.get().ok());
  drained.get();
  CHECK(lease().size() == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "a_write_that_fails_behind_a_large_object_fails_the_object_and_leaves_nothing" * doctest::description("contract 1, 2")) {
  const Bytes large = pattern(6'000'000, 7);
  const std::size_t kept = segments().size();
  {
    auto inflow = queue->open({});
    REQUIRE((*inflow)->append(ByteView(large).first(3'000'000)).ok());
    files.write_fails = true;
    const Status appended = (*inflow)->append(ByteView(large).subspan(3'000'000));
    files.write_fails = false;  // the disk is well again, what it refused is missing all the same
    const bool stored = appended.ok() && (*inflow)->commit(image_facts("1.1")).ok();
    CHECK_FALSE(stored);
  }
  CHECK(segments().size() == kept);
  CHECK(lease().empty());
  REQUIRE(put(large, image_facts("1.1")).ok());
  const auto lent = lease();
  REQUIRE(lent.size() == 1);
  CHECK(content(lent[0]) == large);
}

TEST_CASE_FIXTURE(QueueFixture, "large_objects_of_any_size_come_back_whole_also_when_many_arrive_at_once" * doctest::description("contract 1, 3")) {
  const std::size_t chunk = core::limits::chunk_bytes, buffer = core::limits::gathered_bytes_max;
  const std::vector<std::size_t> sizes{buffer - 1, buffer, buffer + 1, 2 * buffer, 17 * chunk, 33 * chunk, 33 * chunk + 1, 5 * buffer + 7};
  std::vector<std::future<bool>> arriving;
  for (unsigned i = 0; i < sizes.size(); ++i)
    arriving.push_back(std::async(std::launch::async, [this, i, size = sizes[i]] { return put(pattern(size, i), image_facts("1." + std::to_string(i))).ok(); }));
  for (auto& one : arriving) CHECK(one.get());
  restart(true);
  const auto lent = lease();
  REQUIRE(lent.size() == sizes.size());
  for (const auto& one : lent) {
    const auto i = static_cast<unsigned>(std::stoi(std::string(one.item.facts.get(core::Fact::sop_instance_uid).substr(2))));
    CHECK(content(one) == pattern(sizes[i], i));
    CHECK(one.item.sha256 == sha256(pattern(sizes[i], i)));
  }
}

TEST_CASE_FIXTURE(QueueFixture, "a_large_object_is_written_by_a_thread_of_its_own_only_where_the_queue_may_have_any") {
  const auto threads = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}); };
  const auto more_while_one_comes = [&] {
    const auto before = threads();
    auto inflow = queue->open({});
    REQUIRE(inflow.ok());
    const Bytes piece = pattern(1'000'000, 1);
    for (int i = 0; i < 4; ++i) REQUIRE((*inflow)->append(piece).ok());
    return threads() - before;
  };
  CHECK(more_while_one_comes() == 1);
  stop();
  queue::QueueNeeds needs{files, clock, system_random(), {}, {}, {}, {}};
  needs.route = [this](const core::Item&) { return destinations; };
  needs.may_reclaim = [](std::span<const queue::DeliveryStanding>, bool) { return false; };
  needs.changed = [] {};
  queue::QueueOptions options{home.path().string(), "test"};
  options.own_thread = false;
  auto opened = queue::Queue::open(std::move(options), std::move(needs));
  REQUIRE(opened.ok());
  queue = std::move(*opened);
  CHECK(more_while_one_comes() == 0);
}

TEST_CASE_FIXTURE(QueueFixture, "a_large_object_that_is_on_the_disk_leaves_the_page_cache_to_others" * doctest::description("contract 10")) {
  const std::size_t size = 3 * core::limits::gathered_bytes_max;
  REQUIRE(put(pattern(size, 1), image_facts("1.1")).ok());
  CHECK(files.forgotten >= size);
}

TEST_CASE_FIXTURE(QueueFixture, "what_was_reclaimed_takes_no_other_content_of_the_same_id_with_it" * doctest::description("contract 2, 8")) {
  core::Manifest named;
  named.id = make_uuid7({1}, system_random());
  REQUIRE(put(pattern(3'000'000, 1), image_facts("1.1"), named).ok());
  deliver(lease().at(0));
  queue->tick();
  queue->drain();
  CHECK(lease().empty());
  const Bytes second = pattern(3'000'000, 2);
  REQUIRE(put(second, image_facts("1.2"), named).ok());
  restart(true);
  const auto lent = lease();
  REQUIRE(lent.size() == 1);
  CHECK(content(lent[0]) == second);
}

TEST_CASE_FIXTURE(QueueFixture, "nothing_is_answered_as_a_repeat_of_a_record_that_was_never_synced" * doctest::description("contract 1")) {
  files.sync_fails = true;
  REQUIRE_FALSE(put(pattern(1000, 1), image_facts("1.1")).ok());
  restart(true);
  CHECK_FALSE(put(pattern(1000, 1), image_facts("1.1")).ok());
  files.sync_fails = false;
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  CHECK(lease().size() == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "a_large_object_that_would_grow_into_the_reserve_is_refused_while_it_arrives" * doctest::description("contract 2")) {
  auto inflow = queue->open({});
  REQUIRE((*inflow)->append(pattern(2'000'000, 1)).ok());
  files.free_bytes_max = 1000;
  Status appended;
  for (unsigned i = 0; i < 10 && appended; ++i) appended = (*inflow)->append(pattern(1'000'000, i));
  CHECK_FALSE(appended.ok());
  inflow->reset();
  CHECK(segments().empty());
}

TEST_CASE_FIXTURE(QueueFixture, "what_was_broken_off_in_memory_is_in_no_record_that_follows" * doctest::description("contract 11")) {
  const std::string canary = "CANARY^OF^SOMEBODY ";
  Bytes unsealed;
  while (unsealed.size() < 40'000) unsealed.insert(unsealed.end(), canary.begin(), canary.end());
  for (unsigned n = 0; n < 4; ++n) {
    core::Manifest manifest;
    manifest.kind = core::Kind::image;
    auto inflow = queue->open(manifest);
    REQUIRE(inflow.ok());
    REQUIRE((*inflow)->append(unsealed).ok());
    inflow->reset();  // as when the association breaks
    REQUIRE(put(pattern(500, n), image_facts("1.2." + std::to_string(n))).ok());  // with room up to the end of its block
  }
  stop();
  for (const auto& name : segments('i')) {
    std::ifstream in(name, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    CHECK(bytes.size() > 4096);
    CHECK_MESSAGE(bytes.find(canary) == std::string::npos, name);
  }
}

TEST_CASE_FIXTURE(QueueFixture, "an_item_says_where_it_came_from_also_without_the_ledger" * doctest::description("contract 1")) {
  core::Manifest passed_on;
  passed_on.origin = "village";
  REQUIRE(put(pattern(500, 1), image_facts("1.2.1")).ok());
  REQUIRE(put(pattern(500, 2), image_facts("1.2.2"), passed_on).ok());
  for (const bool without_ledger : {false, true}) {
    restart(without_ledger);
    const auto items = lease();
    REQUIRE(items.size() == 2);
    CHECK(items[0].item.origin == "test");  // the name of this node
    CHECK(items[1].item.origin == "village");
  }
}
