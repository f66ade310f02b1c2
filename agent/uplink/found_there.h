// SPDX-License-Identifier: Apache-2.0
// Found there: what the answer to a query says of the instances it names, and what that proves (C-FIND, PS3.4 C.6.1.1.5; QIDO-RS,
// PS3.18 10.6).
//
// An archive may keep the entry of an image whose content it has lost: its Instance Availability is UNAVAILABLE then, and that is no
// proof. Such an image counts as missing: sent again it may be whole once more, ever more rarely, and a person is told. ONLINE, NEARLINE
// and OFFLINE are kept; an archive that does not tell is believed.
// Threads: plain values.
// Fails:   never.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "core/item.h"
#include "core/prover.h"

namespace sampan::uplink {

// As one that is taken here may be; some that are in use are longer than PS3.5 9.1 allows. A match without one, or with what none can be,
// is no answer about images.
bool names_an_image(std::string_view name);

class FoundThere {
 public:
  // availability: as it came, (0008,0056). An instance that is there twice can be had when one of the two can.
  void add(const std::string& name, std::string_view availability);
  void add(const FoundThere& more);

  bool empty() const { return names_.empty(); }
  std::size_t answers() const { return answers_; }  // an instance that is there twice counts twice
  std::size_t names() const { return names_.size(); }
  bool has(const std::string& name) const { return names_.contains(name); }
  bool can_be_had(const std::string& name) const;

 private:
  std::map<std::string, bool> names_;  // whether it can be had
  std::size_t answers_ = 0;
};

// What a query says of an item. found_before: this destination has found something, now or earlier.
core::Proof proof_of(const FoundThere& found, const core::Item& item, core::Receipt receipt, bool found_before);

}  // namespace sampan::uplink
