// SPDX-License-Identifier: Apache-2.0
#include "uplink/stow_answer.h"

#include <doctest/doctest.h>

#include <string>

using namespace sampan;
using uplink::read_stow_answer;

namespace {

std::string xml_item(const std::string& instance, const std::string& more = {}) {
  return "<Item number=\"1\">\n<DicomAttribute tag=\"00081155\" vr=\"UI\" keyword=\"ReferencedSOPInstanceUID\"><Value "
         "number=\"1\">" +
         instance + "</Value></DicomAttribute>" + more + "</Item>";
}
std::string xml_sequence(const std::string& tag, const std::string& items) {
  return "<DicomAttribute tag=\"" + tag + "\" vr=\"SQ\">" + items + "</DicomAttribute>";
}
std::string xml(const std::string& inside) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- by a PACS --><NativeDicomModel xml:space=\"preserve\" "
         "xmlns=\"http://dicom.nema.org/PS3.19/models/NativeDICOM\">" +
         inside + "</NativeDicomModel>\n";
}

}  // namespace

TEST_CASE("a_json_answer_says_what_was_stored_and_what_failed_and_why") {
  const auto answer = read_stow_answer(R"({
    "00081190": {"vr": "UR", "Value": ["http://pacs/studies/1"]},
    "00081198": {"vr": "SQ", "Value": [
      {"00081155": {"vr": "UI", "Value": ["1.3"]}, "00081197": {"vr": "US", "Value": [49442]}},
      {"00081155": {"vr": "UI", "Value": ["1.4"]}, "00081197": {"vr": "US", "Value": ["272"]}},
      {"00081155": {"vr": "UI", "Value": ["1.5"]}},
      {"00081197": {"vr": "US", "Value": [43264]}}]},
    "00081199": {"vr": "SQ", "Value": [
      {"00081150": {"vr": "UI", "Value": ["1.2.9"]}, "00081155": {"vr": "UI", "Value": ["1.1"]}},
      {"00081155": {"vr": "UI", "Value": ["1.2 "]}, "00081196": {"vr": "US", "Value": [45056]}}]},
    "0008119a": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [42752]}}]}})");
  REQUIRE(answer.has_value());
  CHECK(answer->stored == std::set<std::string>{"1.1", "1.2"});
  CHECK(answer->failed == std::map<std::string, std::uint16_t>{{"1.3", 0xc122}, {"1.4", 0x0110}, {"1.5", 0x0110}});
  CHECK(answer->nameless == std::vector<std::uint16_t>{0xa700, 0xa900});
}

TEST_CASE("an_xml_answer_says_the_same") {
  const auto answer = read_stow_answer(xml(
      xml_sequence("00081199", xml_item("1.1") + xml_item("\n 1.2 \n")) +
      xml_sequence("00081198", xml_item("1.3", "<DicomAttribute tag='00081197' vr='US'><Value "
                                               "number='1'>49442</Value></DicomAttribute>") +
                                   xml_item("1.5")) +
      "<DicomAttribute tag=\"00081190\" vr=\"UR\"><Value number=\"1\">http://pacs/?a=1&amp;b=2</Value></DicomAttribute>"));
  REQUIRE(answer.has_value());
  CHECK(answer->stored == std::set<std::string>{"1.1", "1.2"});
  CHECK(answer->failed == std::map<std::string, std::uint16_t>{{"1.3", 0xc122}, {"1.5", 0x0110}});
}

TEST_CASE("prefixes_and_empty_elements_are_xml_too") {
  const auto answer = read_stow_answer(
      "<d:NativeDicomModel xmlns:d='x'><d:DicomAttribute tag='00081198' vr='SQ'/><d:DicomAttribute tag='00081199' vr='SQ'>"
      "<d:Item><d:DicomAttribute tag='00081155'><d:Value>1.1</d:Value></d:DicomAttribute></d:Item></d:DicomAttribute>"
      "</d:NativeDicomModel>");
  REQUIRE(answer.has_value());
  CHECK(answer->stored == std::set<std::string>{"1.1"});
  CHECK(answer->failed.empty());
}

TEST_CASE("an_answer_in_a_list_of_one_is_understood") {
  const auto answer = read_stow_answer(R"([{"00081199":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":["1.1"]}}]}}])");
  REQUIRE(answer.has_value());
  CHECK(answer->stored == std::set<std::string>{"1.1"});
}

TEST_CASE("what_is_no_store_response_says_nothing") {
  for (const std::string body :
       {"", " \n", "OK", "{}", "[]", "null", "{\"error\": \"no\"}", "{\"00081199\"", "[{},{}]", "<html><body>Log in</body></html>",
        "<!DOCTYPE html><html></html>", "<NativeDicomModel>", "<NativeDicomModel/>", "<NativeDicomModel></Nope>",
        "<NativeDicomModel><a b=c></a></NativeDicomModel>", "<NativeDicomModel/>trailing", "<", "<a", "<!-- no end", "<?xml",
        "{\"00081199\": 3}", "{\"00081199\": [1, 2]}"}) {
    CAPTURE(body);
    CHECK_FALSE(read_stow_answer(body).has_value());
  }
}

TEST_CASE("no_prefix_of_an_answer_is_taken_for_a_whole_one") {
  const std::string text = xml(xml_sequence("00081199", xml_item("1.1")));
  const std::size_t whole = text.find_last_of('>') + 1;
  for (std::size_t size = 0; size < whole; ++size) CHECK_FALSE(read_stow_answer(text.substr(0, size)).has_value());
  CHECK(read_stow_answer(text.substr(0, whole)).has_value());
}

TEST_CASE("values_of_the_wrong_kind_are_no_names") {
  for (const std::string value : {"[]", "[null]", "[{}]", "[[\"1.1\"]]", "\"1.1\"", "{}", "[1.5]", "[-1]", "[true]"}) {
    CAPTURE(value);
    const auto answer = read_stow_answer(R"({"00081199":{"Value":[{"00081155":{"Value":)" + value + "}}]}}");
    REQUIRE(answer.has_value());
    CHECK(answer->stored.empty());
  }
}

TEST_CASE("what_stands_between_quotes_is_no_nesting") {
  const std::string brackets = R"(,"x":"\"[)" + std::string(1000, '[') + R"(\\"})";
  const auto answer = read_stow_answer(R"({"00081199":{"Value":[{"00081155":{"Value":["1.2"]}}]})" + brackets);
  REQUIRE(answer.has_value());
  CHECK(answer->stored.contains("1.2"));
}

TEST_CASE("nesting_without_end_does_no_harm") {
  const std::size_t deep = 200000;
  CHECK_FALSE(read_stow_answer(std::string(deep, '[')).has_value());
  CHECK_FALSE(read_stow_answer(std::string(deep, '[') + std::string(deep, ']')).has_value());
  std::string elements, items;
  for (std::size_t i = 0; i < deep; ++i) elements += "<a>", items += "<Item>";
  CHECK_FALSE(read_stow_answer("<NativeDicomModel>" + elements).has_value());
  CHECK_FALSE(read_stow_answer("<NativeDicomModel><DicomAttribute tag='00081199'>" + items).has_value());
}

TEST_CASE("an_item_within_an_item_does_not_move_the_first") {
  std::string text = "<NativeDicomModel><DicomAttribute tag='00081199'><Item>";
  for (int i = 0; i < 100; ++i) text += "<Item></Item>";
  text += "<DicomAttribute tag='00081155'><Value>1.1</Value></DicomAttribute></Item></DicomAttribute></NativeDicomModel>";
  const auto answer = read_stow_answer(text);
  REQUIRE(answer.has_value());
  CHECK(answer->stored == std::set<std::string>{"1.1"});
}

TEST_CASE("a_search_says_whom_it_found_and_one_match_without_a_name_makes_it_no_answer") {
  const auto found = uplink::read_search_answer(R"([{"00080018":{"vr":"UI","Value":["1.1"]}},{"00080018":{"Value":["1.2 "]},"0020000D":{"Value":["9"]}},)"
                                                R"({"00080018":{"Value":["1.2"]},"00080056":{"Value":["UNAVAILABLE "]}},{"00080018":{"Value":["1.3"]},"00080056":{"Value":["UNAVAILABLE"]}}])");
  REQUIRE(found.has_value());
  CHECK(found->names() == 3);
  CHECK(found->answers() == 4);
  for (const char* name : {"1.1", "1.2", "1.3"}) CHECK(found->has(name));
  CHECK(found->can_be_had("1.1"));
  CHECK(found->can_be_had("1.2"));  // by one of its two entries
  CHECK_FALSE(found->can_be_had("1.3"));
  REQUIRE(uplink::read_search_answer("[]").has_value());
  CHECK(uplink::read_search_answer("[]")->empty());
  for (const std::string body : {"", "{}", "[[]]", R"([{"00080018":{"Value":["1.1"]}},{}])", R"([{"00080018":["1.1"]}])", R"([{"00080018":{"Value":[{}]}}])"}) {
    CAPTURE(body);
    CHECK_FALSE(uplink::read_search_answer(body).has_value());
  }
  const std::string deep = std::string(250000, '[') + std::string(250000, ']');
  CHECK_FALSE(uplink::read_search_answer(R"([{"00080018":{"Value":)" + deep + "}}]").has_value());
  CHECK_FALSE(uplink::read_search_answer(deep).has_value());
}
