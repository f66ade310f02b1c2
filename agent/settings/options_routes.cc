// SPDX-License-Identifier: Apache-2.0
// What goes where, and how urgently.
#include <array>

#include "settings/option_groups.h"

namespace sampan::settings {
namespace {

using S = Settings;
using V = const Value&;

constexpr std::int64_t word_bytes_max = 64;  // longer than any of these facts may be

std::size_t day_from(std::string_view name) {
  constexpr std::array names{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  std::size_t day = 0;
  while (day + 1 < names.size() && name != names[day]) ++day;
  return day;
}

// clang-format off
constexpr std::array table{
    Option{.path = "destinations[].fallback", .kind = Kind::group,
           .en = "Another way while this destination does not get through; what is taken there counts as delivered here.",
           .zh = "该目的地长时间无法送达时的替代去向；替代目的地接收后即视为已送达。"},
    Option{.path = "destinations[].fallback.to", .kind = Kind::name, .required = true, .least = 1, .most = 32,
           .en = "Name of the destination to go to instead.", .zh = "替代目的地的名称。",
           .set = [](S& s, V v) { s.destinations.back().fallback.to = v.text; }},
    Option{.path = "destinations[].fallback.after_minutes", .kind = Kind::integer, .initial = "30", .least = 1, .most = 10080,
           .en = "Minutes without an answer before that; with the first answer everything goes the usual way again.",
           .zh = "无应答达该分钟数后改走替代去向；一旦恢复应答即照常。",
           .set = [](S& s, V v) { s.destinations.back().fallback.after_minutes = static_cast<unsigned>(v.number); }},
    Option{.path = "destinations[].windows", .kind = Kind::list,
           .en = "When images are carried to it: the first window that holds the moment counts, and outside of them nothing goes but "
                 "emergencies. Without windows everything goes at any time. Whether it is there, and whether it keeps what it has, is "
                 "asked at any time.",
           .zh = "允许上传的时段：以当前时刻所在的第一个时段为准，时段之外只上传急诊。不填则随时上传。询问其是否在线、是否已归档不受时段限制。"},
    Option{.path = "destinations[].windows[]", .kind = Kind::group,
           .en = "A window. What is on its way when it ends still arrives; the rest waits for the next one.",
           .zh = "一个时段。时段结束时，正在传送的那幅传完为止，其余等待下一时段。",
           .set = [](S& s, V) { s.destinations.back().windows.emplace_back(); }},
    Option{.path = "destinations[].windows[].hours", .kind = Kind::list, .required = true,
           .en = "Times of day, like 22:00-06:00; local time.", .zh = "时段（本地时间），如 22:00-06:00。"},
    Option{.path = "destinations[].windows[].hours[]", .kind = Kind::hours, .en = "A time of day.", .zh = "一个时段。",
           .set = [](S& s, V v) { s.destinations.back().windows.back().hours.push_back({v.hours.from, v.hours.to}); }},
    Option{.path = "destinations[].windows[].days", .kind = Kind::list,
           .en = "Days on which it begins; without them, every day.", .zh = "时段开始的星期几；不填则为每天。"},
    Option{.path = "destinations[].windows[].days[]", .kind = Kind::choice, .choices = "mon|tue|wed|thu|fri|sat|sun",
           .en = "A day of the week.", .zh = "星期几（mon 至 sun 为周一至周日）。",
           .set = [](S& s, V v) { s.destinations.back().windows.back().days[day_from(v.text)] = true; }},
    Option{.path = "destinations[].windows[].only", .kind = Kind::choice, .choices = "emergency",
           .en = "Nothing goes in it but emergencies: a pause in the windows after it.", .zh = "该时段内也只上传急诊，即其后各时段的间歇。",
           .set = [](S& s, V v) { s.destinations.back().windows.back().only_emergencies = v.text == "emergency"; }},
    Option{.path = "destinations[].windows[].kilobytes_per_second_max", .kind = Kind::integer, .least = 64, .most = 10'000'000,
           .en = "Thousands of bytes a second that images take in it, over all connections; emergencies are not held back by that. "
                 "Without it, as fast as it goes.",
           .zh = "该时段内图像上传每秒最多占用的千字节数（所有连接合计），急诊不受此限；不填则不限速。",
           .set = [](S& s, V v) { s.destinations.back().windows.back().kilobytes_per_second_max = static_cast<unsigned>(v.number); }},
    Option{.path = "routes", .kind = Kind::list,
           .en = "Rules that say what goes where; without one that names a destination, every destination gets everything.",
           .zh = "路由规则：什么图像送往哪里；没有任何规则指定目的地时，全部送往每个目的地。"},
    Option{.path = "routes[]", .kind = Kind::group,
           .en = "A rule. They are read from the first to the last; every rule that fits adds its destinations.",
           .zh = "一条规则。从上到下逐条判断，凡符合的规则都加上其目的地。",
           .set = [](S& s, V) { s.routes.emplace_back(); }},
    Option{.path = "routes[].when", .kind = Kind::group,
           .en = "What the rule is for; all that is said here must fit, without it everything does. "
                 "A word must fit as a whole, * stands for any characters.",
           .zh = "规则适用的条件，须全部符合；不填则适用于一切。词须整体一致，* 代表任意字符。"},
    Option{.path = "routes[].when.called_ae", .kind = Kind::list,
           .en = "AE titles the image was sent to.", .zh = "图像发往的 AE 标题。"},
    Option{.path = "routes[].when.called_ae[]", .kind = Kind::text, .least = 1, .most = word_bytes_max,
           .en = "An AE title.", .zh = "一个 AE 标题。",
           .set = [](S& s, V v) { s.routes.back().when.called_ae.push_back(v.text); }},
    Option{.path = "routes[].when.calling_ae", .kind = Kind::list,
           .en = "AE titles of the sender, or of the folder it came from.", .zh = "发送方（或来源目录）的 AE 标题。"},
    Option{.path = "routes[].when.calling_ae[]", .kind = Kind::text, .least = 1, .most = word_bytes_max,
           .en = "An AE title.", .zh = "一个 AE 标题。",
           .set = [](S& s, V v) { s.routes.back().when.calling_ae.push_back(v.text); }},
    Option{.path = "routes[].when.modality", .kind = Kind::list, .en = "Modalities, like CT or DX.", .zh = "设备类型，如 CT、DX。"},
    Option{.path = "routes[].when.modality[]", .kind = Kind::text, .least = 1, .most = word_bytes_max,
           .en = "A modality.", .zh = "一种设备类型。",
           .set = [](S& s, V v) { s.routes.back().when.modality.push_back(v.text); }},
    Option{.path = "routes[].when.sop_class", .kind = Kind::list, .en = "SOP Class UIDs.", .zh = "SOP 类 UID。"},
    Option{.path = "routes[].when.sop_class[]", .kind = Kind::text, .least = 1, .most = word_bytes_max,
           .en = "A SOP Class UID.", .zh = "一个 SOP 类 UID。",
           .set = [](S& s, V v) { s.routes.back().when.sop_class.push_back(v.text); }},
    Option{.path = "routes[].when.body_part", .kind = Kind::list,
           .en = "Body parts as the images name them, like CHEST.", .zh = "图像中的检查部位，如 CHEST。"},
    Option{.path = "routes[].when.body_part[]", .kind = Kind::text, .least = 1, .most = word_bytes_max,
           .en = "A body part.", .zh = "一个部位。",
           .set = [](S& s, V v) { s.routes.back().when.body_part.push_back(v.text); }},
    Option{.path = "routes[].when.station", .kind = Kind::list, .en = "Station names of the equipment.", .zh = "设备的工作站名称。"},
    Option{.path = "routes[].when.station[]", .kind = Kind::text, .least = 1, .most = word_bytes_max,
           .en = "A station name.", .zh = "一个工作站名称。",
           .set = [](S& s, V v) { s.routes.back().when.station.push_back(v.text); }},
    Option{.path = "routes[].when.hours", .kind = Kind::list,
           .en = "Times of day in which the image came in, like 18:00-08:00; local time.",
           .zh = "图像到达的时段（本地时间），如 18:00-08:00。"},
    Option{.path = "routes[].when.hours[]", .kind = Kind::hours, .en = "A time of day.", .zh = "一个时段。",
           .set = [](S& s, V v) { s.routes.back().when.hours.push_back({v.hours.from, v.hours.to}); }},
    Option{.path = "routes[].when.priority", .kind = Kind::list,
           .en = "Priorities; rules that set one are read before.", .zh = "优先级；设定优先级的规则先行判断。"},
    Option{.path = "routes[].when.priority[]", .kind = Kind::choice, .choices = "emergency|referral|routine|bulk",
           .en = "A priority.", .zh = "一种优先级。",
           .set = [](S& s, V v) { s.routes.back().when.priority.push_back(priority_from(v.text)); }},
    Option{.path = "routes[].when.cargo", .kind = Kind::list,
           .en = "Whether it is an image or a plain file; without it, both.", .zh = "图像或普通文件；不填则两者皆可。"},
    Option{.path = "routes[].when.cargo[]", .kind = Kind::choice, .choices = "images|files",
           .en = "A kind of cargo.", .zh = "一种内容。",
           .set = [](S& s, V v) { s.routes.back().when.cargo.push_back(cargo_from(v.text)); }},
    Option{.path = "routes[].to", .kind = Kind::list,
           .en = "Names of the destinations it goes to; without them the rule only sets the priority.",
           .zh = "送往的目的地名称；不填则该规则只设定优先级。"},
    Option{.path = "routes[].to[]", .kind = Kind::name, .least = 1, .most = 32,
           .en = "Name of a destination.", .zh = "一个目的地名称。",
           .set = [](S& s, V v) { s.routes.back().to.push_back(v.text); }},
    Option{.path = "routes[].priority", .kind = Kind::choice, .choices = "emergency|referral|routine|bulk",
           .en = "Priority of what fits; the first rule that fits and names one decides.",
           .zh = "符合者的优先级；以第一条符合且写明优先级的规则为准。",
           .set = [](S& s, V v) { s.routes.back().priority = priority_from(v.text); }},
    Option{.path = "routes[].last", .kind = Kind::boolean, .initial = "false",
           .en = "Whether what fits is not looked at by the rules below.", .zh = "符合者是否不再由后面的规则判断。",
           .set = [](S& s, V v) { s.routes.back().last = v.number != 0; }},
};
// clang-format on

}  // namespace

std::span<const Option> routes_options() { return table; }

}  // namespace sampan::settings
