// SPDX-License-Identifier: Apache-2.0
#include "dicom/spliced.h"

#include <algorithm>
#include <utility>

namespace sampan::dicom {

namespace {

// What is only inserted at a place stands before what is replaced there.
bool comes_before(const Edit& a, const Edit& b) { return std::pair(a.at, a.removed != 0) < std::pair(b.at, b.removed != 0); }

}  // namespace

bool set_in_order(std::vector<Edit>& edits, std::uint64_t size) {
  std::stable_sort(edits.begin(), edits.end(), comes_before);
  std::uint64_t at = 0;
  for (const Edit& edit : edits) {
    if (edit.at < at || edit.removed > size || edit.at > size - edit.removed) return false;
    at = edit.at + edit.removed;
  }
  return true;
}

std::shared_ptr<core::Payload> splice(std::shared_ptr<core::Payload> original, std::vector<Edit> edits) {
  if (!set_in_order(edits, original->size())) return nullptr;
  return std::make_shared<Spliced>(std::move(original), std::move(edits));
}

Spliced::Spliced(std::shared_ptr<core::Payload> original, std::vector<Edit> edits) : original_(std::move(original)) {
  std::uint64_t at = 0;
  for (Edit& edit : edits) {
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
