// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "dicom/status_words.h"

using namespace sampan::dicom;

TEST_CASE("every_status_has_words_in_both_languages") {
  for (unsigned status = 0; status <= 0xffff; ++status) {
    const Words words = status_words(static_cast<std::uint16_t>(status));
    if (words.english.empty() || words.chinese.empty()) FAIL(status);
  }
}

TEST_CASE("a_status_of_a_family_takes_the_words_of_the_family_unless_it_has_its_own") {
  CHECK(status_words(0xa700).english == status_words(0xa7ff).english);
  CHECK(status_words(0xa900).english == status_words(0xa901).english);
  CHECK(status_words(0xc000).english == status_words(0xcfff).english);
  CHECK(status_words(0xc122).english == "transfer syntax not supported");
  CHECK(status_words(0xb006).english != status_words(0xb123).english);
  CHECK(status_words(0xb123).english == "stored, with a warning");
  CHECK(status_words(0x0122).english == "SOP class not supported");
  CHECK(status_words(0x1234).english == "unknown status");
}

TEST_CASE("a_rejected_association_says_which_title_was_wrong") {
  CHECK(reject_words(1, 1, 3).english == "calling AE title not recognised");
  CHECK(reject_words(1, 1, 7).english == "called AE title not recognised");
  CHECK(reject_words(2, 3, 1).english == "temporary congestion");
  CHECK(reject_words(2, 9, 9).english == "refused for now, unknown reason");
  CHECK(reject_words(1, 9, 9).english == "refused for good, unknown reason");
}

TEST_CASE("a_refused_context_says_whether_class_or_compression_was_refused") {
  CHECK(context_words(3).english == "SOP class not supported");
  CHECK(context_words(4).english == "transfer syntax not supported");
  CHECK_FALSE(context_words(77).chinese.empty());
}
