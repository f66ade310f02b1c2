// SPDX-License-Identifier: Apache-2.0
#include "cli/order_view.h"

#include <cstdint>

namespace sampan::cli {
namespace {

using control::Lang;
using control::Ordered;

struct Words {
  const char *zh, *en;
};

// By order.
constexpr Words changed[]{{"已暂停上传的图像数：", "put on hold: "},
                          {"恢复上传的图像数：", "waiting again: "},
                          {"将重新上传的图像数：", "to be sent again: "},
                          {"已安排的图像数：", "pushed: "}};

constexpr Words held_before{"此前已暂停：", "on hold already: "};
constexpr Words stays_on_hold{"已暂停，不会上传：", "on hold, they do not leave: "};
constexpr Words stays_rejected{"已被目的地拒收，不会上传：", "rejected by the destination, they do not leave: "};
constexpr Words cannot_be_held{"已送达，无法再暂停：", "delivered already, too late to hold them: "};
constexpr Words delivered{"此前已送达：", "delivered already: "};
constexpr Words waiting{"已在等待上传：", "waiting already: "};
constexpr Words reclaimed{"已归档并从本机清除，无法重发：", "archived and no longer here, so they cannot be sent: "};
constexpr Words damaged{"本机副本损坏，请在设备上重新发送：", "damaged here, send them again from the modality: "};
constexpr Words no_route{"不符合任何路由，不会上传：", "match no route, they do not leave: "};
constexpr Words give_a_route{"；请管理员在 routes 中加入目的地后执行 sampan reload，或直接发往：",
                             "; have an administrator add a route and do sampan reload, or send them now: "};
constexpr Words a_destination{"目的地", "DESTINATION"};
constexpr Words nothing{"没有待发送的图像，未作更改；如需上传请用 sampan push 加 --to 指明目的地",
                        "nothing of it is to go there, so nothing was changed; sampan push with --to sends it somewhere"};
constexpr Words held_later{"该检查后续到达的图像也会暂停", "images of it that are still to come are held as well"};
constexpr Words pushed_later{"该检查后续到达的图像同样处理", "images of it that are still to come are pushed as well"};

bool is_of_nothing(const Ordered& done) { return done.here() + done.gone() == 0; }

std::string command(const char* verb, const std::string& exam, const std::string& to) {
  return std::string("sampan ") + verb + " " + (exam.find_first_of(" '\"\\$") == exam.npos ? exam : "\"" + exam + "\"") + (to.empty() ? "" : " --to " + to);
}

}  // namespace

std::string show_ordered(Order order, const Ordered& done, const std::string& exam, const std::string& to, Lang lang) {
  const auto say = [lang](const Words& words) { return std::string(lang == Lang::zh ? words.zh : words.en); };
  std::string text;
  const auto line = [&](const Words& words, std::uint64_t count, const std::string& then = "") {
    if (count > 0) text += say(words) + std::to_string(count) + then + "\n";
  };
  const bool hold = order == Order::hold, idle = done.deliveries == 0;
  const std::string how = (lang == Lang::zh ? "；请先用 sampan trace 查看原因；恢复上传：" : "; see why with sampan trace first; to let them go: ") + command("resume", exam, to);
  text = say(changed[static_cast<int>(order)]) + std::to_string(done.deliveries) + "\n";
  if (hold)
    line(held_before, done.on_hold);
  else
    line(stays_on_hold, done.on_hold, how), line(stays_rejected, done.rejected, how);
  if (hold || idle) line(hold ? cannot_be_held : delivered, done.delivered);
  if (idle) line(waiting, done.waiting);
  if (!hold) line(no_route, done.no_route, say(give_a_route) + command("push", exam, say(a_destination)));
  line(reclaimed, done.reclaimed);
  line(damaged, done.damaged);
  if (!hold && is_of_nothing(done)) text += say(nothing) + "\n";
  const bool goes_nowhere = !hold && idle && (done.no_route > 0 || is_of_nothing(done));
  if (done.later && !goes_nowhere) text += say(hold ? held_later : pushed_later) + "\n";
  return text;
}

bool fell_short(Order order, const Ordered& done) {
  if (order == Order::hold) return done.delivered > 0;
  return done.on_hold + done.rejected + done.no_route + done.gone() > 0 || is_of_nothing(done);
}

}  // namespace sampan::cli
