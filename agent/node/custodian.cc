// SPDX-License-Identifier: Apache-2.0
#include "node/custodian.h"

#include <algorithm>

#include "queue/damage.h"

namespace sampan::node {
namespace {

using control::Refusal;
using telemetry::News;

constexpr std::size_t places_listed = 100;
constexpr Millis one_answer{3000};  // others ask meanwhile, and whoever asks waits 10 s at most

Refusal refusal_of(const Error& error) {
  switch (error.code) {
    case Errc::not_found: return {404, "no_place", "no such place is damaged, or it was looked at already", "没有此损坏位置，或已核对过"};
    case Errc::timeout: return {503, "not_written", error.message, "命令尚未写入磁盘，磁盘可写后自动生效"};
    case Errc::stopped: return {503, "stopping", error.message, "本机停止前未能确认命令已写入磁盘，启动后请再执行一次"};
    case Errc::refused: return {503, "notes_unread", error.message, "部分记录无法读出，其中可能写明这些图像还要发往别处；请检查磁盘（dmesg），重启 sampand 后再试"};
    case Errc::limit: return {503, "partly_written", error.message, "磁盘暂时无法写入，命令只执行了一部分；磁盘可写后请再执行一次"};
    default: return {500, "failed", error.message, "无法执行：" + error.message};
  }
}

// Those whose word lets a copy go (policy/retention.h).
std::set<std::string> required_of(const settings::Settings& settings) {
  std::set<std::string> required, all;
  for (const auto& destination : settings.destinations) {
    all.insert(destination.name);
    if (destination.required) required.insert(destination.name);
  }
  return required.empty() ? all : required;
}

bool is_known(const queue::QueueSummary& summary, const std::string& destination) {
  return std::ranges::find(summary.destinations, destination, &queue::DestinationCount::destination) != summary.destinations.end();
}

}  // namespace

control::DamageList Custodian::damage() {
  control::DamageList list;
  list.now = needs_.clock.wall();
  list.incomplete = needs_.queue.summary().rebuilding;  // before it is looked for: what is read meanwhile is told twice, and never not at all
  const std::uint64_t failures = needs_.queue.damage().failures();
  auto found = needs_.queue.damage().places(places_listed + 1);
  list.incomplete = list.incomplete || needs_.queue.damage().failures() != failures;
  list.more = found.size() > places_listed;
  if (list.more) found.resize(places_listed);
  for (auto& place : found)
    list.places.push_back({place.name(), place.bytes, place.doubtful, std::move(place.reason), std::move(place.study), place.about});
  return list;
}

std::variant<control::DamageSeen, Refusal> Custodian::seen(const std::string& place, const std::string& by) {
  const auto seen = needs_.queue.damage().seen(place);
  if (!seen) return refusal_of(seen.error());
  News news;
  news.what = News::What::damage_seen, news.detail = std::to_string(*seen), news.reason = by;
  if (*seen > 0) needs_.tell(std::move(news));
  return control::DamageSeen{*seen};
}

std::variant<control::DropAnswer, Refusal> Custodian::drop(const Drop& asked) {
  const auto settings = needs_.settings();
  const std::string& name = asked.destination;
  if (std::ranges::find(settings->destinations, name, &settings::Destination::name) != settings->destinations.end())
    return Refusal{409, "in_settings", name + " is in the settings: take it out of them first (destinations, routes) and do sampan reload",
                   name + " 仍在配置中：请先从 destinations 和 routes 中删除，并执行 sampan reload"};
  // Who is not known yet to be owed elsewhere would be taken for one that is not.
  const queue::QueueSummary summary = needs_.queue.summary();
  if (summary.rebuilding || summary.unanswered)
    return Refusal{503, "rebuilding", "the index is being rebuilt or does not read; try again when sampan status says no more of it", "索引正在重建或无法读取，请待 sampan status 不再提示后再试"};
  if (!is_known(summary, name))
    return Refusal{404, "no_destination", "nothing was ever owed to a destination of that name", "从未有数据要发往此名称的目的地"};
  const queue::Dropping::Order order{name, required_of(*settings), asked.give_up, one_answer};
  auto& dropping = needs_.queue.dropping();
  const auto done = asked.confirmed ? dropping.drop(order) : dropping.count(order);
  if (!done) return refusal_of(done.error());
  if (asked.confirmed) dropped(asked, *done);
  return control::DropAnswer{name, asked.confirmed, done->more, done->elsewhere, done->kept, done->given_up, done->damaged, done->telemetry};
}

// One event for all of it, when it is done.
void Custodian::dropped(const Drop& asked, const queue::Dropped& part) {
  const std::lock_guard lock(mutex_);
  queue::Dropped& all = begun_[asked.destination];
  all.add(part);
  if (part.more) return;
  if (all.all() > 0) {
    needs_.queue.route_again();
    News news;
    news.what = News::What::destination_dropped, news.subject = asked.destination, news.reason = asked.by;
    news.place = std::to_string(all.given_up), news.detail = std::to_string(all.kept);
    needs_.tell(std::move(news));
  }
  begun_.erase(asked.destination);
}

}  // namespace sampan::node
