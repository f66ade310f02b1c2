// SPDX-License-Identifier: Apache-2.0
#include "dicom/spliced.h"

#include <algorithm>
#include <utility>

#include "base/panic.h"

namespace sampan::dicom {

Spliced::Spliced(std::shared_ptr<core::Payload> original, std::vector<Edit> edits) : original_(std::move(original)) {
  std::stable_sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.at < b.at; });
  std::uint64_t at = 0;
  for (Edit& edit : edits) {
    SAMPAN_ASSERT(edit.at >= at && edit.at + edit.removed <= original_->size());
    add(edit.at - at, at, {});
    const std::uint64_t inserted = edit.inserted.size();
    add(inserted, 0, std::move(edit.inserted));
    at = edit.at + edit.removed;
  }
  add(original_->size() - at, at, {});
}

void Spliced::add(std::uint64_t size, std::uint64_t source, Bytes text) {
  if (size == 0) return;
  stretches_.push_back({size_, size, source, std::move(text)});
  size_ += size;
}

std::uint64_t Spliced::held_bytes() const {
  std::uint64_t bytes = stretches_.size() * sizeof(Stretch);
  for (const Stretch& stretch : stretches_) bytes += stretch.text.size();
  return bytes;
}

Result<std::size_t> Spliced::read(std::uint64_t offset, ByteSpan into) {
  std::size_t done = 0;
  auto stretch = std::upper_bound(stretches_.begin(), stretches_.end(), offset,
                                  [](std::uint64_t at, const Stretch& s) { return at < s.begin + s.size; });
  for (; done < into.size() && stretch != stretches_.end(); ++stretch) {
    const std::uint64_t within = offset + done - stretch->begin;
    const std::size_t wanted = std::min<std::uint64_t>(into.size() - done, stretch->size - within);
    if (!stretch->text.empty()) {
      std::copy_n(stretch->text.begin() + static_cast<std::ptrdiff_t>(within), wanted, into.begin() + static_cast<std::ptrdiff_t>(done));
    } else {
      auto got = original_->read(stretch->source + within, into.subspan(done, wanted));
      if (!got) return got;
      if (*got != wanted) return fail(Errc::damaged, "shorter than it says");
    }
    done += wanted;
  }
  return done;
}

}  // namespace sampan::dicom
