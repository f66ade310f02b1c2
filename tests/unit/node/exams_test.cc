// SPDX-License-Identifier: Apache-2.0
// Exams as the API tells of them: masked, and only as much as helps.
#include "node/exams.h"

#include <doctest/doctest.h>

using namespace sampan;
using namespace sampan::node;
using core::Fact;

TEST_SUITE_BEGIN("exams");

TEST_CASE("a_number_shows_its_end_and_never_all_of_it" * doctest::description("contract 11")) {
  CHECK(mask_number("") == "");
  CHECK(mask_number("1") == "*");
  CHECK(mask_number("123") == "*");
  CHECK(mask_number("1234") == "*34");
  CHECK(mask_number("P0012345") == "*2345");
  CHECK(mask_number("住院号甲乙丙") == "*丙");
}

TEST_CASE("a_name_is_read_in_its_character_set_and_masked" * doctest::description("contract 11")) {
  queue::Exam exam;
  core::Facts& facts = exam.sample.facts;
  facts.set(Fact::study_instance_uid, "1.2.3");
  facts.set(Fact::patient_name, "\xd5\xc5\xc8\xfd");  // 张三 in GB18030
  facts.set(Fact::character_set, "GB18030");
  facts.set(Fact::patient_id, "P0012345");
  facts.set(Fact::accession_number, "ACC778899");
  facts.set(Fact::birth_date, "19870605");
  facts.set(Fact::study_description, "Zhang San knee");
  const control::ExamStatus status = exam_status(exam);
  CHECK(status.study_uid == "1.2.3");
  CHECK(status.patient_name == "张*");
  CHECK_FALSE(status.charset_suspect);
  const std::string json = control::exams_json({{}, "", false, false, {status}});
  for (const char* secret : {"张三", "P0012345", "ACC778899", "1987", "knee"}) CHECK_MESSAGE(json.find(secret) == std::string::npos, secret);
  facts.set(Fact::character_set, "ISO_IR 192");
  CHECK(exam_status(exam).patient_name == "张*");
  CHECK(exam_status(exam).charset_suspect);
}

TEST_CASE("what_a_person_ordered_is_told") {
  queue::Exam exam;
  exam.sample.priority = core::Priority::bulk;
  CHECK(exam_status(exam).priority == "bulk");
  CHECK_FALSE(exam_status(exam).priority_ordered);
  exam.priority = core::Priority::emergency;
  exam.deliveries = {{.destination = "lead", .waiting = 1, .held = true}, {.destination = "gone"}};
  const auto status = exam_status(exam);
  CHECK(status.priority == "emergency");
  CHECK(status.priority_ordered);
  REQUIRE(status.destinations.size() == 1);
  CHECK(status.destinations[0].held);
}

TEST_SUITE_END();
