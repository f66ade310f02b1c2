// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "settings/settings.h"

using namespace sampan::settings;

namespace {

const std::string minimal = "site: a\ndestinations:\n  - name: lead\n    dimse: PACS@192.0.2.10:104\n";

std::string complaints(const std::string& more) {
  const Loaded loaded = load_text(minimal + more, "f");
  std::string all;
  if (const auto* problems = std::get_if<Problems>(&loaded))
    for (const Problem& problem : *problems) all += (all.empty() ? "" : "\n") + to_string(problem);
  return all;
}

}  // namespace

TEST_CASE("a_destination_says_how_it_sees_each_origin") {
  const Loaded loaded = load_text(
      minimal +
          "    as_sender: true\n"
          "    transform: {issuer_of_patient_id: ALL, patient_id_prefix: X-, institution_name: 城南, character_set: utf-8}\n"
          "    origins:\n"
          "      - {from: CLINIC_A, calling_ae: A}\n"
          "      - from: [站点B, 'B*']\n"
          "        transform: {issuer_of_patient_id: B, patient_id_prefix: B-, institution_name: 城北, character_set: gb18030}\n",
      "f");
  REQUIRE(std::holds_alternative<Settings>(loaded));
  const Destination& lead = std::get<Settings>(loaded).destinations[0];
  CHECK(lead.as_sender);
  CHECK(lead.transform == Transform{"ALL", "X-", "城南", "utf-8"});
  CHECK(lead.origins == std::vector<Origin>{{{"CLINIC_A"}, "A", {}}, {{"站点B", "B*"}, "", {"B", "B-", "城北", "gb18030"}}});
}

TEST_CASE("a_destination_names_its_fallback") {
  const std::string two = "  - {name: other, folder: /o}\n";
  const Loaded loaded = load_text(minimal + "    fallback: {to: other, after_minutes: 5}\n" + two, "f");
  REQUIRE(std::holds_alternative<Settings>(loaded));
  CHECK(std::get<Settings>(loaded).destinations[0].fallback == Fallback{"other", 5});
  CHECK(complaints("    fallback: {to: lead}\n") == "f:5:16: a destination that is its own fallback, expected another one");
  CHECK(complaints("    fallback: {to: othr}\n" + two) == "f:5:16: there is no destination \"othr\", expected the name of one");
  CHECK(complaints("    fallback: {after_minutes: 5}\n" + two) ==
        "f:5:15: destinations[0].fallback.to is missing, expected a name of 1 to 32 bytes: letters, digits, '-', '_' and '.'");
  CHECK(complaints("    fallback: {to: other, after_minutes: 0}\n" + two) ==
        "f:5:42: destinations[0].fallback.after_minutes is \"0\", expected a whole number from 1 to 10080");
}

TEST_CASE("where_images_are_changed_the_original_stays_until_it_is_archived" * doctest::description("contract 4")) {
  const std::string believed = "    reclaim_after: accepted\n    retention_days: 90\n";
  const std::string complaint = "f:5:5: reclaim_after: accepted where images are changed by transform, expected archived: the original is here alone until then";
  CHECK(complaints(believed).empty());
  CHECK(complaints(believed + "    transform: {patient_id_prefix: A-}\n") == complaint);
  CHECK(complaints(believed + "    origins: [{from: A, transform: {patient_id_prefix: A-}}]\n") == complaint);
  CHECK(complaints(believed + "    origins: [{from: A, calling_ae: B}]\n").empty());
  CHECK(complaints("    reclaim_after: archived\n    transform: {patient_id_prefix: A-}\n").empty());
}

TEST_CASE("who_trusts_a_destination_says_for_how_many_days_the_copy_stays" * doctest::description("contract 4")) {
  CHECK(complaints("    reclaim_after: accepted\n") == "f:5:5: reclaim_after: accepted without retention_days, expected the days that the copy stays here");
  CHECK(complaints("    reclaim_after: accepted\n    retention_days: 0\n").empty());
  CHECK(complaints("    reclaim_after: archived\n").empty());
}

TEST_CASE("mistakes_about_the_last_hop_are_named") {
  CHECK(complaints("    transform: {institution_name: 城南}\n") ==
        "f:5:17: institution_name has other characters than ASCII, expected character_set beside it");
  CHECK(complaints("    transform: {character_set: utf-8}\n    origins: [{from: A, transform: {institution_name: 城南}}]\n").empty());
  CHECK(complaints("    transform: {patient_id_prefix: 城, character_set: utf-8}\n") ==
        "f:5:17: patient_id_prefix has other characters than ASCII, expected plain letters and digits");
  CHECK(complaints("    transform: {issuer_of_patient_id: 'A\\B'}\n") ==
        "f:5:17: issuer_of_patient_id has a backslash, which parts values in DICOM; expected none");
  CHECK(complaints("    transform: {institution_name: " + std::string(65, 'x') + "}\n") ==
        "f:5:17: institution_name is longer than 64 characters, expected at most that");
  CHECK(complaints("    transform: {character_set: latin1}\n") ==
        "f:5:32: destinations[0].transform.character_set is \"latin1\", expected one of utf-8, gb18030");
  CHECK(complaints("    origins: [{from: A}]\n") == "f:5:15: an origin without effect, expected calling_ae or transform");
  CHECK(complaints("  - {name: f, folder: /f, as_sender: true}\n") ==
        "f:5:27: as_sender without dimse, expected it for a dimse destination only");
  CHECK(complaints("  - {name: f, folder: /f, origins: [{from: A, calling_ae: B}]}\n") ==
        "f:5:47: calling_ae without dimse, expected it for a dimse destination only");
}
