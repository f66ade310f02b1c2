// SPDX-License-Identifier: Apache-2.0
// How a destination sees the images of each origin.
#include <array>

#include "settings/option_groups.h"

namespace sampan::settings {
namespace {

using S = Settings;
using V = const Value&;

// clang-format off
constexpr std::array table{
    Option{.path = "destinations[].as_sender", .kind = Kind::boolean, .initial = "false",
           .en = "Whether it is called with the AE title that each image came with, for a PACS that tells its senders apart by it.",
           .zh = "是否以每幅图像发送方的 AE 标题呼叫，用于按标题区分来源的 PACS。",
           .set = [](S& s, V v) { s.destinations.back().as_sender = v.number != 0; }},
    Option{.path = "destinations[].transform", .kind = Kind::group,
           .en = "What is changed in the images for this destination; the original is kept here, and what was changed is "
                 "recorded in the image.",
           .zh = "为该目的地对图像所作的改动；原件保留在本机，改动记录在图像中。"},
    Option{.path = "destinations[].transform.issuer_of_patient_id", .kind = Kind::text, .least = 1, .most = 64,
           .en = "Issuer of Patient ID (0010,0021) to be set.", .zh = "写入患者 ID 签发机构 (0010,0021)。",
           .set = [](S& s, V v) { s.destinations.back().transform.issuer_of_patient_id = v.text; }},
    Option{.path = "destinations[].transform.patient_id_prefix", .kind = Kind::text, .least = 1, .most = 16,
           .en = "Put before the Patient ID, so that two clinics may use the same numbers.",
           .zh = "加在患者 ID 之前，使不同机构的相同编号不致混淆。",
           .set = [](S& s, V v) { s.destinations.back().transform.patient_id_prefix = v.text; }},
    Option{.path = "destinations[].transform.institution_name", .kind = Kind::text, .least = 1, .most = 192,
           .en = "Institution Name (0008,0080) to be set.", .zh = "写入机构名称 (0008,0080)。",
           .set = [](S& s, V v) { s.destinations.back().transform.institution_name = v.text; }},
    Option{.path = "destinations[].transform.character_set", .kind = Kind::choice, .choices = "utf-8|gb18030",
           .en = "Character set in which all text is rewritten.", .zh = "将全部文字改写为该字符集。",
           .set = [](S& s, V v) { s.destinations.back().transform.character_set = v.text; }},
    Option{.path = "destinations[].origins", .kind = Kind::list,
           .en = "How images of certain sites or senders appear there; the first one that fits counts.",
           .zh = "特定站点或发送方的图像在该目的地的呈现方式；以第一个符合者为准。"},
    Option{.path = "destinations[].origins[]", .kind = Kind::group, .en = "An origin.", .zh = "一个来源。",
           .set = [](S& s, V) { s.destinations.back().origins.emplace_back(); }},
    Option{.path = "destinations[].origins[].from", .kind = Kind::list, .required = true,
           .en = "Names of sites, or AE titles of senders; * stands for any characters.",
           .zh = "站点名称或发送方的 AE 标题；* 代表任意字符。"},
    Option{.path = "destinations[].origins[].from[]", .kind = Kind::text, .least = 1, .most = 64,
           .en = "A site or an AE title.", .zh = "一个站点或 AE 标题。",
           .set = [](S& s, V v) { s.destinations.back().origins.back().from.push_back(v.text); }},
    Option{.path = "destinations[].origins[].calling_ae", .kind = Kind::ae_title,
           .en = "AE title to call with for these.", .zh = "传送这些图像时使用的 AE 标题。",
           .set = [](S& s, V v) { s.destinations.back().origins.back().calling_ae = v.text; }},
    Option{.path = "destinations[].origins[].transform", .kind = Kind::group,
           .en = "What is changed in these; what is not said here is as transform of the destination says.",
           .zh = "对这些图像所作的改动；此处未写的以目的地的 transform 为准。"},
    Option{.path = "destinations[].origins[].transform.issuer_of_patient_id", .kind = Kind::text, .least = 1, .most = 64,
           .en = "Issuer of Patient ID (0010,0021) to be set.", .zh = "写入患者 ID 签发机构 (0010,0021)。",
           .set = [](S& s, V v) { s.destinations.back().origins.back().transform.issuer_of_patient_id = v.text; }},
    Option{.path = "destinations[].origins[].transform.patient_id_prefix", .kind = Kind::text, .least = 1, .most = 16,
           .en = "Put before the Patient ID, so that two clinics may use the same numbers.",
           .zh = "加在患者 ID 之前，使不同机构的相同编号不致混淆。",
           .set = [](S& s, V v) { s.destinations.back().origins.back().transform.patient_id_prefix = v.text; }},
    Option{.path = "destinations[].origins[].transform.institution_name", .kind = Kind::text, .least = 1, .most = 192,
           .en = "Institution Name (0008,0080) to be set.", .zh = "写入机构名称 (0008,0080)。",
           .set = [](S& s, V v) { s.destinations.back().origins.back().transform.institution_name = v.text; }},
    Option{.path = "destinations[].origins[].transform.character_set", .kind = Kind::choice, .choices = "utf-8|gb18030",
           .en = "Character set in which all text is rewritten.", .zh = "将全部文字改写为该字符集。",
           .set = [](S& s, V v) { s.destinations.back().origins.back().transform.character_set = v.text; }},
};
// clang-format on

}  // namespace

std::span<const Option> last_hop_options() { return table; }

}  // namespace sampan::settings
