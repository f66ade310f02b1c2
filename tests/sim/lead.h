// SPDX-License-Identifier: Apache-2.0
// Lead: the hospital's archive at the end of the line: answers as PACS do, moods and lies included, and is believed only
// for what it committed to.
//
// Threads: one.
#pragma once

#include <map>
#include <set>
#include <string>

#include "sim/images.h"
#include "sim/world.h"

namespace sampan::sim {

class Lead {
 public:
  enum class Mood { well, busy, refuses_us, refuses_a_class, odd };
  Lead(World& world, const Images& images) : world_(world), images_(images) {}

  // A whole instance arrived; the status it answers with.
  std::uint16_t store(const std::string& sop_instance, const std::string& sop_class, const Digest& sha256, ByteView bytes);
  bool has(const Content& content) const { return stored_.contains(content); }
  // It was not busy, and the matter was the instance.
  bool has_judged(const std::string& sop_instance) const { return judged_.contains(sop_instance); }
  // It says that it keeps the instance, and does so from then on.
  bool commit(const Content& content);
  bool committed(const Content& content) const { return committed_.contains(content); }
  // Something it accepted and did not commit to is gone.
  void lose_one();
  std::size_t count() const { return stored_.size(); }

  Mood mood = Mood::well;
  std::string refused_class;
  unsigned poison_in_1000 = 0;  // instances that it never takes

 private:
  bool poisonous(const std::string& sop_instance) const;
  std::uint16_t judge(const std::string& sop_instance, std::uint16_t status);
  World& world_;
  const Images& images_;
  std::set<Content> stored_, committed_;
  std::map<std::string, Digest> by_name_;
  std::set<std::string> judged_;
};

}  // namespace sampan::sim
