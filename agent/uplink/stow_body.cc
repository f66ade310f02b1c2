// SPDX-License-Identifier: Apache-2.0
#include "uplink/stow_body.h"

#include <algorithm>

#include "base/panic.h"
#include "dicom/part10.h"

namespace sampan::uplink {
namespace {

void append(Bytes& to, std::string_view text) { to.insert(to.end(), text.begin(), text.end()); }

}  // namespace

// The boundary must not occur in the images: whoever made them could not know an id that this node gave them later.
StowBody::StowBody(std::span<core::Consignment* const> instances)
    : instances_(instances.begin(), instances.end()), boundary_("sampan-" + to_string(instances.front()->item.id)) {
  for (std::size_t i = 0; i < instances_.size(); ++i) {
    Bytes text;
    append(text, (i == 0 ? "--" : "\r\n--") + boundary_ + "\r\nContent-Type: application/dicom\r\n\r\n");
    const Bytes head = dicom::part10_head(instances_[i]->item.facts);
    text.insert(text.end(), head.begin(), head.end());
    add_text(std::move(text));
    const std::uint64_t payload_bytes = instances_[i]->payload->size();
    stretches_.push_back({size_, payload_bytes, {}, i});
    size_ += payload_bytes;
  }
  Bytes end;
  append(end, "\r\n--" + boundary_ + "--\r\n");
  add_text(std::move(end));
}

std::string StowBody::content_type() const {
  return "multipart/related; type=\"application/dicom\"; boundary=" + boundary_;
}

void StowBody::add_text(Bytes text) {
  const std::uint64_t bytes = text.size();
  stretches_.push_back({size_, bytes, std::move(text), std::nullopt});
  size_ += bytes;
}

Result<std::size_t> StowBody::read(std::uint64_t offset, ByteSpan into) {
  const auto after = [](std::uint64_t at, const Stretch& stretch) { return at < stretch.begin; };
  auto stretch = std::upper_bound(stretches_.begin(), stretches_.end(), offset, after);
  SAMPAN_ASSERT(stretch != stretches_.begin());
  --stretch;
  std::size_t done = 0;
  for (; stretch != stretches_.end() && done < into.size(); ++stretch) {
    const std::uint64_t at = offset + done - stretch->begin;
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size() - done, stretch->size - at));
    auto got = read_some(*stretch, at, into.subspan(done, wanted));
    if (!got) return got;
    done += *got;
  }
  return done;
}

Result<std::size_t> StowBody::read_some(const Stretch& stretch, std::uint64_t at, ByteSpan into) {
  if (!stretch.instance) {
    std::copy_n(stretch.text.begin() + static_cast<std::ptrdiff_t>(at), into.size(), into.begin());
    return into.size();
  }
  auto got = instances_[*stretch.instance]->payload->read(at, into);
  if (got && *got == into.size()) return got;
  const bool damaged = got || got.error().code == Errc::damaged;
  failed_ = Failed{*stretch.instance, damaged};
  return got ? fail(Errc::damaged, "shorter than it says") : got.error();
}

}  // namespace sampan::uplink
