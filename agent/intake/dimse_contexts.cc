// SPDX-License-Identifier: Apache-2.0
#include "intake/dimse_contexts.h"

#include <algorithm>
#include <array>

namespace sampan::intake {
namespace {

constexpr std::string_view standard_root = "1.2.840.10008.";
constexpr std::string_view storage_root = "1.2.840.10008.5.1.4.1.1.";
constexpr std::string_view compressed_root = "1.2.840.10008.1.2.4.";

// Storage classes that the standard put elsewhere.
constexpr std::array storage_elsewhere{
    std::string_view("1.2.840.10008.5.1.1.27"),      // Stored Print (retired)
    std::string_view("1.2.840.10008.5.1.1.29"),      // Hardcopy Grayscale Image (retired)
    std::string_view("1.2.840.10008.5.1.1.30"),      // Hardcopy Color Image (retired)
    std::string_view("1.2.840.10008.5.1.4.34.7"),    // RT Beams Delivery Instruction
    std::string_view("1.2.840.10008.5.1.4.34.10"),   // RT Brachy Application Setup Delivery Instruction
    std::string_view("1.2.840.10008.5.1.4.38.1"),    // Hanging Protocol
    std::string_view("1.2.840.10008.5.1.4.39.1"),    // Color Palette
    std::string_view("1.2.840.10008.5.1.4.43.1"),    // Generic Implant Template
    std::string_view("1.2.840.10008.5.1.4.44.1"),    // Implant Assembly Template
    std::string_view("1.2.840.10008.5.1.4.45.1"),    // Implant Template Group
};

// Lossless ones below compressed_root (PS3.6 A); the others there may lose something or hold no pixels at all.
constexpr std::array lossless_suffixes{
    std::string_view("57"),   // JPEG lossless, process 14
    std::string_view("70"),   // JPEG lossless, first-order prediction
    std::string_view("80"),   // JPEG-LS lossless
    std::string_view("90"),   // JPEG 2000 lossless
    std::string_view("92"),   // JPEG 2000 multi-component lossless
    std::string_view("110"),  // JPEG XL lossless
    std::string_view("201"),  // HTJ2K lossless
    std::string_view("202"),  // HTJ2K lossless, RPCL
};

constexpr std::array plain_order{
    std::string_view("1.2.840.10008.1.2.1"),  // Explicit VR Little Endian
    std::string_view("1.2.840.10008.1.2"),    // Implicit VR Little Endian
};

constexpr std::array other_lossless{
    std::string_view("1.2.840.10008.1.2.2"),      // Explicit VR Big Endian
    std::string_view("1.2.840.10008.1.2.1.99"),   // Deflated
    std::string_view("1.2.840.10008.1.2.8.1"),    // Deflated Image Frame
    std::string_view("1.2.840.10008.1.2.5"),      // RLE
};

template <class List>
bool holds(const List& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

// Smaller is better. Unknown ones rank above known lossy ones: nobody is asked to lose what we can merely not name.
int rank(std::string_view uid) {
  const auto plain = std::find(plain_order.begin(), plain_order.end(), uid);
  if (plain != plain_order.end()) return static_cast<int>(plain - plain_order.begin());
  if (holds(other_lossless, uid)) return 2;
  if (!uid.starts_with(compressed_root)) return 3;
  return holds(lossless_suffixes, uid.substr(compressed_root.size())) ? 2 : 4;
}

}  // namespace

bool is_storage_class(std::string_view uid) {
  if (uid.empty()) return false;
  if (!uid.starts_with(standard_root)) return true;
  return (uid.starts_with(storage_root) && uid.size() > storage_root.size()) || holds(storage_elsewhere, uid);
}

std::string_view choose_transfer_syntax(std::span<const std::string> offered, std::span<const std::string> accept) {
  const std::string* best = nullptr;
  for (const std::string& uid : offered) {
    if (uid.empty() || (!accept.empty() && !holds(accept, uid))) continue;
    if (best == nullptr || rank(uid) < rank(*best)) best = &uid;
  }
  return best == nullptr ? std::string_view() : *best;
}

}  // namespace sampan::intake
