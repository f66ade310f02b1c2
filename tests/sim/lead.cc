// SPDX-License-Identifier: Apache-2.0
#include "sim/lead.h"

#include <functional>
#include <vector>

namespace sampan::sim {

bool Lead::poisonous(const std::string& sop_instance) const {
  return std::hash<std::string>{}(sop_instance + "poison") % 1000 < poison_in_1000;
}

std::uint16_t Lead::store(const std::string& sop_instance, const std::string& sop_class, const Digest& digest, ByteView bytes) {
  if (sha256(bytes) != digest) world_.broken("lead: " + sop_instance + " arrived with other bytes than its checksum says");
  const auto known = images_.by_content.find({sop_instance, digest});
  if (known == images_.by_content.end()) world_.broken("lead: an image arrived that the modality never sent");
  if (mood == Mood::busy) return 0xA700;
  if (mood == Mood::refuses_us) return 0x0124;
  if (mood == Mood::refuses_a_class && sop_class == refused_class) return judge(sop_instance, 0x0122);
  if (mood == Mood::odd && world_.dice.chance(300)) return judge(sop_instance, 0xC001);
  if (poisonous(sop_instance)) return judge(sop_instance, 0xA900);
  if (const auto named = by_name_.find(sop_instance); named != by_name_.end() && named->second != digest)
    world_.broken("lead: " + sop_instance + " is there with other bytes, and no person was asked");
  by_name_[sop_instance] = digest;
  world_.trace("lead: took " + sop_instance);
  const bool fresh = stored_.insert({sop_instance, digest}).second;
  if (fresh && world_.dice.chance(30)) return 0xB000;
  return fresh || world_.dice.chance(500) ? 0x0000 : 0x0111;
}

std::uint16_t Lead::judge(const std::string& sop_instance, std::uint16_t status) {
  judged_.insert(sop_instance);
  return status;
}

bool Lead::commit(const Content& content) {
  if (!has(content)) return false;
  if (committed_.insert(content).second) world_.trace("lead: committed to " + content.first);
  return true;
}

void Lead::lose_one() {
  std::vector<Content> loose;
  for (const auto& content : stored_)
    if (!committed(content)) loose.push_back(content);
  if (loose.empty()) return;
  const Content& lost = loose[world_.dice.next() % loose.size()];
  world_.trace("lead: lost " + lost.first);
  by_name_.erase(lost.first);
  stored_.erase(lost);
}

}  // namespace sampan::sim
