// SPDX-License-Identifier: Apache-2.0
// Images: what the modality makes, and what became of each: who said what about it, and when.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"
#include "core/facts.h"
#include "core/item.h"
#include "support/noise.h"

namespace sampan::sim {

struct Image {
  unsigned number = 0;
  std::string sop_instance, sop_class, study;
  core::Priority priority = core::Priority::routine;
  std::size_t size = 0;
  bool second = false;  // another image has its SOP Instance UID and other bytes
  Digest sha256{};
  bool acknowledged = false;  // the modality has deleted its copy
  bool beside = false;        // and by the address that sends it to the second destination as well

  Bytes bytes() const { return test::noise(size, number * 2654435761u + 99); }
  core::Facts facts() const {
    core::Facts all;
    all.set(core::Fact::sop_instance_uid, sop_instance);
    all.set(core::Fact::sop_class_uid, sop_class);
    all.set(core::Fact::transfer_syntax_uid, "1.2.840.10008.1.2.1");
    all.set(core::Fact::study_instance_uid, study);
    return all;
  }
};

using Content = std::pair<std::string, Digest>;  // SOP Instance UID and the bytes
inline Content content_of(const Image& image) { return {image.sop_instance, image.sha256}; }

struct Images {
  std::deque<Image> all;  // stay where they are
  std::map<Content, Image*> by_content;
  Image& add(Image image) {
    image.number = static_cast<unsigned>(all.size()) + 1;
    image.sha256 = sha256(image.bytes());
    Image& kept = all.emplace_back(std::move(image));
    by_content[content_of(kept)] = &kept;
    return kept;
  }
};

}  // namespace sampan::sim
