// SPDX-License-Identifier: Apache-2.0
#include "cli/queue_view.h"

#include "cli/status_view.h"
#include "cli/table.h"

namespace sampan::cli {
namespace {

using namespace control;
using Row = std::vector<std::string>;

constexpr std::array<const char*, age_names.size()> ages_zh{"1分内", "5分内", "1时内", "6时内",
                                                            "1天内", "1周内", "更久"};
constexpr std::array<const char*, age_names.size()> ages_en{"<1min", "<5min", "<1h", "<6h", "<1d", "<1w", "older"};

// A zero says nothing: a dot lets the other numbers stand out.
std::string cell(std::uint64_t count) { return count == 0 ? "." : std::to_string(count); }

Row heading(Lang lang) {
  Row row = lang == Lang::zh ? Row{"目的地", "积压", "大小"} : Row{"destination", "waiting", "size"};
  const auto& ages = lang == Lang::zh ? ages_zh : ages_en;
  row.insert(row.end(), ages.begin(), ages.end());
  for (const char* last : lang == Lang::zh ? std::array{"暂停", "拒收"} : std::array{"on hold", "rejected"})
    row.push_back(last);
  return row;
}

Row row_of(const DestinationStatus& destination) {
  Row row{destination.name, cell(destination.waiting), size(destination.waiting_bytes)};
  for (const std::uint64_t count : destination.ages) row.push_back(cell(count));
  row.push_back(cell(destination.on_hold));
  row.push_back(cell(destination.rejected));
  return row;
}

std::string held_line(const StrandedStatus& one, Lang lang) {
  const std::string count = std::to_string(one.on_hold + one.rejected);
  if (one.destination.empty())
    return lang == Lang::zh ? "另有 " + count + " 幅图像被暂停，且不符合任何路由\n" : "images on hold that match no route: " + count + "\n";
  return lang == Lang::zh ? one.destination + "：配置中已无此目的地，" + count + " 幅图像被拒收或暂停\n"
                          : one.destination + ": not in the settings any more, images rejected or on hold: " + count + "\n";
}

}  // namespace

std::string show_queue(const NodeStatus& status, Lang lang) {
  const Row head = heading(lang);
  std::vector<Table::Align> columns(head.size(), Table::Align::right);
  columns[0] = Table::Align::left;
  Table table(columns);
  table.add(head);
  for (const DestinationStatus& destination : status.destinations) table.add(row_of(destination));
  std::string text = table.text();
  for (const DestinationStatus& destination : status.destinations)
    if (destination.window_closed)
      text += destination.name + (lang == Lang::zh ? "：" : ": ") + window_words(destination.window_opens, status.now, lang) + "\n";
  for (const DestinationStatus& destination : status.destinations)
    if (const std::string count = std::to_string(destination.telemetry_waiting); count != "0")
      text += destination.name + (lang == Lang::zh ? "：另有 " + count + " 项事件和采样待传\n" : ": " + count + " events and samples wait as well\n");
  for (const StrandedStatus& one : status.stranded) {
    if (one.on_hold + one.rejected > 0) text += held_line(one, lang);
    if (one.waiting == 0) continue;
    const std::string count = std::to_string(one.waiting);
    if (one.destination.empty())
      text += lang == Lang::zh ? "另有 " + count + " 幅图像不符合任何路由，不会上传\n" : "images that match no route and do not leave: " + count + "\n";
    else
      text += lang == Lang::zh ? one.destination + "：配置中已无此目的地，" + count + " 幅图像不会上传\n"
                               : one.destination + ": not in the settings any more, images that do not leave: " + count + "\n";
  }
  // The exit code is that of the node as a whole, which an empty queue does not explain.
  if (status.verdict != Verdict::good)
    text += std::string("\n") + verdict_word(status.verdict, lang) + (lang == Lang::zh ? "：原因见 sampan status\n" : ": sampan status says why\n");
  return printable(text);
}

}  // namespace sampan::cli
