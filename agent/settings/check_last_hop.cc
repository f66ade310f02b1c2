// SPDX-License-Identifier: Apache-2.0
#include "settings/check_last_hop.h"

#include <algorithm>
#include <utility>

namespace sampan::settings {
namespace {

constexpr std::ptrdiff_t characters_max = 64;  // PS3.5 6.2, LO

bool is_ascii(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::ptrdiff_t characters(const std::string& utf8) {
  return std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

// of_all: what the destination says for every origin.
void check_transform(const Transform& transform, const Transform& of_all, const std::string& path, const Complain& complain) {
  const bool has_set = !transform.character_set.empty() || !of_all.character_set.empty();
  for (const auto& [name, value] : {std::pair<std::string, std::string>{"issuer_of_patient_id", transform.issuer_of_patient_id},
                                    {"patient_id_prefix", transform.patient_id_prefix},
                                    {"institution_name", transform.institution_name}}) {
    const std::string at = path + "." + name;
    const bool is_prefix = name == "patient_id_prefix";
    if (value.find('\\') != std::string::npos)
      complain(at, {name + " has a backslash, which parts values in DICOM; expected none", name + " 含有反斜杠，DICOM 以它分隔多个值，不应使用"});
    if (!is_ascii(value) && is_prefix)
      complain(at, {name + " has other characters than ASCII, expected plain letters and digits", name + " 含有非 ASCII 字符，应为普通字母和数字"});
    else if (!is_ascii(value) && !has_set)
      complain(at, {name + " has other characters than ASCII, expected character_set beside it", name + " 含有非 ASCII 字符，应同时填写 character_set"});
    if (characters(value) > characters_max)
      complain(at, {name + " is longer than 64 characters, expected at most that", name + " 超过 64 个字符，应不超过此数"});
  }
}

bool changes_images(const Destination& destination) {
  return !destination.transform.empty() || std::ranges::any_of(destination.origins, [](const Origin& origin) { return !origin.transform.empty(); });
}

}  // namespace

void check_last_hop(const Destination& destination, const std::string& path, const Given& given, const Complain& complain) {
  const auto needs_dimse = [&](const std::string& at, const std::string& name) {
    if (given(at + "." + name) && !given(path + ".dimse"))
      complain(at + "." + name, {name + " without dimse, expected it for a dimse destination only", "没有 dimse 却有 " + name + "，它只用于 dimse 目的地"});
  };
  if (destination.as_sender) needs_dimse(path, "as_sender");
  if (changes_images(destination) && destination.reclaim_after == ReclaimAfter::accepted)
    complain(path + ".reclaim_after",
             {"reclaim_after: accepted where images are changed by transform, expected archived: the original is here alone until then",
              "对图像作改动 (transform) 的目的地不能使用 reclaim_after: accepted，应为 archived：归档之前原件只在本机"});
  check_transform(destination.transform, {}, path + ".transform", complain);
  for (std::size_t i = 0; i < destination.origins.size(); ++i) {
    const Origin& origin = destination.origins[i];
    const std::string at = path + ".origins[" + std::to_string(i) + "]";
    needs_dimse(at, "calling_ae");
    if (!given(at + ".calling_ae") && !given(at + ".transform"))
      complain(at, {"an origin without effect, expected calling_ae or transform", "来源没有作用，应填 calling_ae 或 transform"});
    check_transform(origin.transform, destination.transform, at + ".transform", complain);
  }
}

}  // namespace sampan::settings
