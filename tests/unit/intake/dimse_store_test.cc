// SPDX-License-Identifier: Apache-2.0
// C-STORE: what arrives is what was sent, and the answer is the answer of the commit.
#include <doctest/doctest.h>

#include "dimse_fixture.h"
#include "support/corpus.h"
#include "support/part10.h"

using namespace sampan;
using namespace sampan::intake;
using core::Fact;

namespace {

struct OnAssociation {
  explicit OnAssociation(const std::vector<Modality::Offer>& offers = {{ct_class}}, Millis silence_max = patience)
      : modality(clinic, silence_max) {
    REQUIRE(modality.connected());
    REQUIRE(modality.associate(offers));
  }
  std::optional<std::uint16_t> store(const std::string& uid = "2.25.1") {
    return modality.store(1, ct_class, uid, small_image(uid));
  }
  Clinic clinic;
  Modality modality;
};

}  // namespace

TEST_CASE("stores_a_data_set_byte_for_byte_with_its_facts") {
  OnAssociation on;
  const Bytes image = small_image("2.25.1", 300'000);
  CHECK(on.modality.store(1, ct_class, "2.25.1", image) == 0x0000);
  CHECK(on.modality.release());

  REQUIRE(on.clinic.sink.stored.size() == 1);
  const auto& cargo = on.clinic.sink.stored[0];
  CHECK(cargo.bytes == image);
  CHECK(cargo.manifest.kind == core::Kind::image);
  CHECK(cargo.facts.get(Fact::sop_class_uid) == ct_class);
  CHECK(cargo.facts.get(Fact::sop_instance_uid) == "2.25.1");
  CHECK(cargo.facts.get(Fact::transfer_syntax_uid) == explicit_le);
  CHECK(cargo.facts.get(Fact::calling_ae) == "CT1");
  CHECK(cargo.facts.get(Fact::called_ae) == "SAMPAN");
  CHECK(cargo.facts.get(Fact::peer_address) == "127.0.0.1");
  CHECK(cargo.facts.get(Fact::study_instance_uid) == "2.25.111");
  CHECK(cargo.facts.get(Fact::patient_name) == "Test^Invented");
  CHECK_FALSE(cargo.facts.has(Fact::data_sop_instance_uid));
  CHECK(on.clinic.sizes_received == std::vector<std::uint64_t>{image.size()});
}

TEST_CASE("answers_with_the_message_and_the_instance_that_it_is_about") {
  OnAssociation on;
  REQUIRE(on.modality.send(1, Modality::store_request(ct_class, "2.25.5"), small_image("2.25.5")));
  const auto answer = on.modality.response();
  REQUIRE(answer);
  CHECK(answer->command_field == dicom::command::c_store_rsp);
  CHECK(answer->message_id_responded_to == 7);
  CHECK(answer->affected_sop_instance_uid == "2.25.5");
  CHECK(answer->affected_sop_class_uid == ct_class);
}

TEST_CASE("answers_success_only_after_the_commit") {
  OnAssociation on({{ct_class}}, Millis(200));
  on.clinic.sink.hold_commit = true;
  REQUIRE(on.modality.send(1, Modality::store_request(ct_class, "2.25.1"), small_image("2.25.1")));
  REQUIRE(on.clinic.sink.watched.wait([&] { return on.clinic.sink.committing == 1; }));
  CHECK_FALSE(on.modality.response());
  on.clinic.sink.watched.change([&] { on.clinic.sink.hold_commit = false; });
  const auto answer = on.modality.response();
  REQUIRE(answer);
  CHECK(answer->status == 0x0000);
}

TEST_CASE("keeps_fragments_of_odd_length_and_a_data_set_of_odd_length") {
  OnAssociation on;
  Bytes image = small_image("2.25.1", 5001);
  for (const std::size_t fragment_bytes : {1u, 3u, 777u}) {
    REQUIRE(on.modality.send(1, Modality::store_request(ct_class, "2.25.1"), image, fragment_bytes));
    const auto answer = on.modality.response();
    REQUIRE(answer);
    CHECK(answer->status == 0x0000);
    CHECK(on.clinic.sink.stored.back().bytes == image);
  }
  CHECK(on.clinic.sink.stored.size() == 3);
}

TEST_CASE("takes_a_fragment_far_longer_than_the_announced_maximum_without_holding_it") {
  OnAssociation on;
  on.clinic.sink.keep_bytes = false;
  const Bytes image = small_image("2.25.1", 40u << 20);
  REQUIRE(on.modality.send(1, Modality::store_request(ct_class, "2.25.1"), image, image.size()));
  const auto answer = on.modality.response();
  REQUIRE(answer);
  CHECK(answer->status == 0x0000);
  CHECK(on.clinic.sink.bytes_seen == image.size());
}

TEST_CASE("keeps_every_transfer_syntax_as_it_is_known_or_not") {
  const std::vector<std::string> syntaxes{
      "1.2.840.10008.1.2.2",     "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.110",
      "1.2.840.10008.1.2.4.999", "1.2.840.113619.5.2",     "1.2.840.10008.1.2.4.50"};
  std::vector<Modality::Offer> offers;
  for (const auto& syntax : syntaxes) offers.push_back({ct_class, {syntax}});
  OnAssociation on(offers);
  const Bytes noise{1, 2, 3, 255, 0, 254, 7};
  for (std::size_t i = 0; i < syntaxes.size(); ++i) {
    const std::string uid = "2.25." + std::to_string(i + 1);
    CHECK(on.modality.store(static_cast<std::uint8_t>(2 * i + 1), ct_class, uid, noise) == 0x0000);
    REQUIRE(on.clinic.sink.stored.size() == i + 1);
    CHECK(on.clinic.sink.stored[i].bytes == noise);
    CHECK(on.clinic.sink.stored[i].facts.get(Fact::transfer_syntax_uid) == syntaxes[i]);
  }
}

TEST_CASE("remembers_when_the_data_set_names_another_instance_than_the_command") {
  OnAssociation on;
  CHECK(on.modality.store(1, ct_class, "2.25.1", small_image("2.25.2")) == 0x0000);
  REQUIRE(on.clinic.sink.stored.size() == 1);
  CHECK(on.clinic.sink.stored[0].facts.get(Fact::sop_instance_uid) == "2.25.1");
  CHECK(on.clinic.sink.stored[0].facts.get(Fact::data_sop_instance_uid) == "2.25.2");
}

TEST_CASE("carries_a_malformed_instance_uid_unchanged") {
  OnAssociation on;
  const std::string odd = "not a uid/../" + std::string(80, '9');
  CHECK(on.store(odd) == 0x0000);
  REQUIRE(on.clinic.sink.stored.size() == 1);
  CHECK(on.clinic.sink.stored[0].facts.get(Fact::sop_instance_uid) == odd);
}

TEST_CASE("refuses_new_images_when_spool_is_full") {
  OnAssociation on;
  CHECK(on.store() == 0x0000);
  on.clinic.sink.watched.change([&] { on.clinic.sink.refuse_all = fail(Errc::full, "no space"); });
  REQUIRE(on.modality.send(1, Modality::store_request(ct_class, "2.25.2"), small_image("2.25.2", 200'000)));
  const auto answer = on.modality.response();
  REQUIRE(answer);
  CHECK(answer->status == 0xA700);
  CHECK_FALSE(answer->error_comment.empty());
  CHECK(on.clinic.sink.opened == 1);

  Modality late(on.clinic);
  CHECK_FALSE(late.associate({{ct_class}}));
  CHECK(late.rejected == Bytes{0, 2, 3, 1});
  CHECK(on.clinic.refusal().code == 0x0301);

  on.clinic.sink.watched.change([&] { on.clinic.sink.refuse_all.reset(); });
  CHECK(on.store("2.25.3") == 0x0000);
}

TEST_CASE("answers_with_what_the_sink_said") {
  OnAssociation on;
  auto& sink = on.clinic.sink;
  const auto after = [&](const auto& change) {
    sink.watched.change(change);
    const auto status = on.store();
    sink.watched.change([&] { sink.refuse_open = sink.fail_append = sink.fail_commit = std::nullopt; });
    return status;
  };
  CHECK(after([&] { sink.fail_commit = fail(Errc::io, "fdatasync"); }) == 0xA700);
  CHECK(after([&] { sink.fail_commit = fail(Errc::full, "no space"); }) == 0xA700);
  CHECK(after([&] { sink.fail_commit = fail(Errc::stopped, "stopping"); }) == 0x0110);
  CHECK(after([&] { sink.fail_append = fail(Errc::full, "no space"); }) == 0xA700);
  CHECK(after([&] { sink.refuse_open = fail(Errc::limit, "no buffer"); }) == 0x0110);
  CHECK(sink.stored.empty());
  CHECK(on.clinic.sizes_received.empty());
  CHECK(on.store() == 0x0000);
}

TEST_CASE("says_what_is_wrong_with_a_request_and_goes_on") {
  OnAssociation on({{ct_class}, {echo_class}});
  const Bytes image = small_image("2.25.1");
  const auto status_of = [&](std::uint8_t context, const dicom::CommandSet& request) {
    REQUIRE(on.modality.send(context, request, image));
    const auto answer = on.modality.response();
    REQUIRE(answer);
    CHECK_FALSE(answer->error_comment.empty());
    return answer->status;
  };
  CHECK(status_of(1, Modality::store_request(mr_class, "2.25.1")) == 0x0122);
  CHECK(status_of(3, Modality::store_request(ct_class, "2.25.1")) == 0x0122);
  CHECK(status_of(3, Modality::store_request(echo_class, "2.25.1")) == 0x0122);
  CHECK(status_of(1, Modality::store_request(ct_class, "")) == 0x0106);
  CHECK(status_of(1, Modality::store_request(ct_class, std::string(2000, '1'))) == 0x0106);
  auto without = Modality::store_request(ct_class, "2.25.1");
  without.data_set_type = dicom::no_data_set;
  CHECK(status_of(1, without) == 0xC000);
  auto find = Modality::store_request(ct_class, "");
  find.command_field = dicom::command::c_find_rq;
  CHECK(status_of(1, find) == 0x0211);
  CHECK(on.clinic.sink.opened == 0);
  CHECK(on.store() == 0x0000);
}

TEST_CASE("takes_the_class_of_the_context_when_the_command_names_none") {
  OnAssociation on;
  CHECK(on.modality.store(1, "", "2.25.1", small_image("2.25.1")) == 0x0000);
  REQUIRE(on.clinic.sink.stored.size() == 1);
  CHECK(on.clinic.sink.stored[0].facts.get(Fact::sop_class_uid) == ct_class);
}

TEST_CASE("nothing_stays_of_a_data_set_that_did_not_arrive_whole") {
  auto on = std::make_unique<OnAssociation>();
  REQUIRE(on->modality.send(1, Modality::store_request(ct_class, "2.25.1"), small_image("2.25.1"), 16000, true));
  REQUIRE(on->clinic.sink.watched.wait([&] { return on->clinic.sink.bytes_seen > 0; }));
  SUBCASE("cut") { on->modality.connection().shut(); }
  SUBCASE("aborted") {
    const Bytes body(4);
    REQUIRE(test::send_pdu(on->modality.connection(), test::PduType::abort, body));
  }
  SUBCASE("a command where its data set is due") {
    REQUIRE(on->modality.send(1, Modality::store_request(ct_class, "2.25.2")));
    CHECK_FALSE(on->modality.response());
    CHECK(on->modality.ended_by == test::PduType::abort);
  }
  CHECK(on->clinic.sink.watched.wait([&] { return on->clinic.sink.abandoned == 1; }));
  CHECK(on->clinic.sink.stored.empty());
}

TEST_CASE("every_file_of_the_corpus_arrives_byte_for_byte") {
  const auto corpus = test::corpus_directory();
  if (corpus.empty()) {
    MESSAGE("skipped: no corpus; set SAMPAN_CORPUS");
    return;
  }
  Clinic clinic;
  std::size_t sent = 0;
  for (const auto& path : test::corpus_files(corpus)) {
    const Bytes file = test::read_bytes(path);
    const auto meta = test::read_file_meta(file);
    if (!meta || meta->sop_class.empty() || meta->sop_instance.empty() || meta->transfer_syntax.empty()) continue;
    if (meta->sop_class.size() > 64 || meta->transfer_syntax.size() > 64) continue;
    Modality modality(clinic);
    if (!modality.associate({{meta->sop_class, {meta->transfer_syntax}}})) continue;
    if (modality.accepted.contexts[0].result != 0) continue;
    const ByteView data_set = ByteView(file).subspan(meta->data_set_offset);
    INFO(path.filename().string());
    CHECK(modality.store(1, meta->sop_class, meta->sop_instance, data_set) == 0x0000);
    CHECK(modality.release());
    REQUIRE(clinic.sink.stored.size() == ++sent);
    CHECK(std::ranges::equal(clinic.sink.stored.back().bytes, data_set));
    clinic.sink.stored.back().bytes.clear();
  }
  CHECK(sent > 100);
}
