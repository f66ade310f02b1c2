// SPDX-License-Identifier: Apache-2.0
#include "node/last_hop.h"

#include <algorithm>

#include "policy/routing.h"

namespace sampan::node {
namespace {

constexpr std::size_t ae_title_bytes_max = 16;  // PS3.5 6.2

const settings::Origin* origin_of(const settings::Destination& destination, const core::Item& item) {
  const auto caller = item.facts.get(core::Fact::calling_ae);
  const auto fits = [&](const std::string& word) {
    return policy::fits_word(item.origin, word, true) || policy::fits_word(caller, word, true);
  };
  const auto found = std::ranges::find_if(destination.origins, [&](const auto& one) { return std::ranges::any_of(one.from, fits); });
  return found == destination.origins.end() ? nullptr : &*found;
}

const std::string& first_of(const std::string& own, const std::string& of_all) { return own.empty() ? of_all : own; }

std::string defined_term(const std::string& character_set) {
  return character_set == "utf-8" ? "ISO_IR 192" : character_set == "gb18030" ? "GB18030" : "";
}

bool may_call(std::string_view title) {
  return !title.empty() && title.size() <= ae_title_bytes_max &&
         std::ranges::all_of(title, [](char c) { return c >= 0x20 && c < 0x7f && c != '\\'; });
}

}  // namespace

bool transforms(const settings::Destination& destination) {
  return !destination.transform.empty() ||
         std::ranges::any_of(destination.origins, [](const auto& one) { return !one.transform.empty(); });
}

dicom::Transform transform_for(const settings::Destination& destination, const core::Item& item) {
  const settings::Origin* origin = origin_of(destination, item);
  const settings::Transform none;
  const settings::Transform &own = origin == nullptr ? none : origin->transform, &all = destination.transform;
  return {first_of(own.issuer_of_patient_id, all.issuer_of_patient_id), first_of(own.patient_id_prefix, all.patient_id_prefix),
          first_of(own.institution_name, all.institution_name), defined_term(first_of(own.character_set, all.character_set))};
}

bool has_titles(const settings::Destination& destination) {
  return destination.as_sender ||
         std::ranges::any_of(destination.origins, [](const auto& one) { return !one.calling_ae.empty(); });
}

std::string calling_ae_for(const settings::Destination& destination, const core::Item& item) {
  const settings::Origin* origin = origin_of(destination, item);
  if (origin != nullptr && !origin->calling_ae.empty()) return origin->calling_ae;
  const auto caller = item.facts.get(core::Fact::calling_ae);
  return destination.as_sender && may_call(caller) ? std::string(caller) : destination.calling_ae;
}

}  // namespace sampan::node
