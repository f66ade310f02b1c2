// SPDX-License-Identifier: Apache-2.0
// History: one simulated run: a clinic with a modality, a hub and a lead, days of faults, and at the end the question
// whether every promise was kept.
//
// Threads: one.
#pragma once

#include <memory>

#include "sim/carriers.h"

namespace sampan::sim {

class History {
 public:
  History(std::uint64_t seed, bool traces);
  // Plays it to the end; complaints are in world().
  void play();
  const World& world() const { return world_; }
  // In one line: what there was to carry, and what went wrong on the way.
  std::string summary() const;

 private:
  void plan_exams();
  void exam(const std::string& study, unsigned images, core::Priority priority);
  void send(std::vector<Image*> unsent, bool to_both = false);
  bool send_one(Image& image, bool to_both);
  void send_again(Image& image);
  void plan_faults();
  void plan_line(Line& line);
  void plan_ends(Site& site);
  void plan_disk(Site& site);
  void plan_moods();
  void plan_audits();
  void audit(Site& site);
  void check_custody();
  void heal();
  struct Left {
    std::uint64_t waiting = 0, unproven = 0;
  };
  Left left();
  bool is_drained();
  void check_end();
  void check_beside();
  bool may_be_left_to_a_person(const Image& image, core::DeliveryState state) const;
  bool arrived(const Image& image, std::string& where);
  bool run_until(std::int64_t end);

  World world_;
  Images images_;
  Dice repeats_;  // of their own: a history without a second destination goes as it did before there were any
  Line to_hub_, to_lead_;
  Lead lead_;
  ToHub clinic_way_;
  ToLead hub_way_;
  std::unique_ptr<Site> clinic_, hub_;
  std::int64_t length_ = 0, drained_in_ = 0;
  std::size_t acknowledged_ = 0, refused_ = 0, unsent_ = 0;
  unsigned conflicts_ = 0;
};

}  // namespace sampan::sim
