// SPDX-License-Identifier: Apache-2.0
#include "node/last_hop.h"

#include <doctest/doctest.h>

using namespace sampan;

namespace {

core::Item item_of(std::string origin, std::string caller) {
  core::Item item;
  item.origin = std::move(origin);
  item.facts.set(core::Fact::calling_ae, std::move(caller));
  return item;
}

settings::Destination pacs() {
  settings::Destination destination;
  destination.calling_ae = "NODE";
  destination.transform = {"ALL", "", "", "utf-8"};
  destination.origins = {{{"Village A"}, "VILLAGE_A", {"", "A-", "", ""}}, {{"B*"}, "", {"B", "B-", "城北", ""}}};
  return destination;
}

}  // namespace

TEST_CASE("an_origin_is_a_site_or_a_sender_and_the_first_that_fits_counts") {
  const auto to = pacs();
  CHECK(node::transform_for(to, item_of("Village A", "CT1")) == dicom::Transform{"ALL", "A-", "", "ISO_IR 192"});
  CHECK(node::transform_for(to, item_of("County", "B_CT")) == dicom::Transform{"B", "B-", "城北", "ISO_IR 192"});
  CHECK(node::transform_for(to, item_of("Village A", "B_CT")) == dicom::Transform{"ALL", "A-", "", "ISO_IR 192"});
  CHECK(node::transform_for(to, item_of("County", "CT1")) == dicom::Transform{"ALL", "", "", "ISO_IR 192"});
  CHECK(node::transforms(to));
  CHECK_FALSE(node::transforms({}));
}

TEST_CASE("a_title_is_that_of_the_origin_or_of_the_sender_or_of_the_node") {
  auto to = pacs();
  CHECK(node::has_titles(to));
  CHECK(node::calling_ae_for(to, item_of("Village A", "CT1")) == "VILLAGE_A");
  CHECK(node::calling_ae_for(to, item_of("County", "CT1")) == "NODE");
  to.as_sender = true;
  CHECK(node::calling_ae_for(to, item_of("County", "CT1")) == "CT1");
  CHECK(node::calling_ae_for(to, item_of("County", "A TITLE OF MORE THAN 16")) == "NODE");
  CHECK(node::calling_ae_for(to, item_of("County", "")) == "NODE");
  to.origins.clear();
  CHECK(node::has_titles(to));
  to.as_sender = false;
  CHECK_FALSE(node::has_titles(to));
}
