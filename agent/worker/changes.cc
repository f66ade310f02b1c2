// SPDX-License-Identifier: Apache-2.0
#include "worker/changes.h"

#include <algorithm>

namespace sampan::worker {
namespace {

constexpr std::size_t edit_head_bytes = 20;

template <class T>
void put(Bytes& out, T value) {
  const auto at = out.size();
  out.resize(at + sizeof value);
  store_le(&out[at], value);
}

void put_text(Bytes& out, std::string_view text) {
  const auto length = static_cast<std::uint16_t>(std::min<std::size_t>(text.size(), UINT16_MAX));
  put(out, length);
  out.insert(out.end(), text.begin(), text.begin() + length);
}

bool take_text(ByteView& left, std::string& text) {
  if (left.size() < 2) return false;
  const std::size_t length = load_le<std::uint16_t>(left.data());
  if (left.size() - 2 < length) return false;
  text = as_text(left.subspan(2, length));
  left = left.subspan(2 + length);
  return true;
}

}  // namespace

Bytes encode(const ChangeOrder& order) {
  Bytes out;
  put(out, order.note.time.ms);
  const dicom::Transform& wanted = order.wanted;
  for (const std::string* text : {&order.transfer_syntax_uid, &wanted.issuer_of_patient_id, &wanted.patient_id_prefix, &wanted.institution_name,
                                  &wanted.character_set, &order.note.system, &order.note.source})
    put_text(out, *text);
  return out;
}

std::optional<ChangeOrder> decode_order(ByteView bytes) {
  if (bytes.size() < 8) return {};
  ChangeOrder order;
  order.note.time.ms = load_le<std::int64_t>(bytes.data());
  ByteView left = bytes.subspan(8);
  dicom::Transform& wanted = order.wanted;
  for (std::string* text : {&order.transfer_syntax_uid, &wanted.issuer_of_patient_id, &wanted.patient_id_prefix, &wanted.institution_name,
                            &wanted.character_set, &order.note.system, &order.note.source})
    if (!take_text(left, *text)) return {};
  return left.empty() ? std::optional(std::move(order)) : std::nullopt;
}

Bytes encode(const std::vector<dicom::Edit>& edits) {
  Bytes out;
  for (const dicom::Edit& edit : edits) {
    put(out, edit.at);
    put(out, edit.removed);
    put(out, static_cast<std::uint32_t>(edit.inserted.size()));
    out.insert(out.end(), edit.inserted.begin(), edit.inserted.end());
  }
  return out;
}

std::optional<std::vector<dicom::Edit>> decode_edits(ByteView bytes) {
  std::vector<dicom::Edit> edits;
  std::size_t spent = 0;
  while (!bytes.empty()) {
    if (bytes.size() < edit_head_bytes) return {};
    const std::size_t length = load_le<std::uint32_t>(bytes.data() + 16);
    if (bytes.size() - edit_head_bytes < length) return {};
    if ((spent += length + sizeof(dicom::Edit)) > edits_bytes_max) return {};
    const ByteView inserted = bytes.subspan(edit_head_bytes, length);
    edits.push_back({load_le<std::uint64_t>(bytes.data()), load_le<std::uint64_t>(bytes.data() + 8), Bytes(inserted.begin(), inserted.end())});
    bytes = bytes.subspan(edit_head_bytes + length);
  }
  return edits;
}

}  // namespace sampan::worker
