// SPDX-License-Identifier: Apache-2.0
#include "control/custody_routes.h"

#include "base/log.h"
#include "control/peer_may.h"

namespace sampan::control {
namespace {

std::string who_asks(const Call& call) {
  return call.request.peer ? "user " + std::to_string(call.request.peer->uid) : "somebody";
}

}  // namespace

http::Response serve_damage(const Handlers& handlers, const Call&) {
  return handlers.custody == nullptr ? absent() : answer(damage_json(handlers.custody->damage()));
}

http::Response serve_damage_seen(const Handlers& handlers, const Call& call) {
  if (handlers.custody == nullptr) return absent();
  if (call.word("place").empty())
    return refuse({400, "no_place", "say which place, as sampan damage names it, or all", "请指明位置（见 sampan damage），或 all 表示全部"});
  const std::string by = who_asks(call);
  const auto told = handlers.custody->seen(call.word("place") == "all" ? "" : call.word("place"), by);
  if (const auto* refusal = std::get_if<Refusal>(&told)) return refuse(*refusal);
  const auto& seen = std::get<DamageSeen>(told);
  log::info("damage looked at by " + by + ": " + std::to_string(seen.places) + " places");
  return answer(seen_json(seen));
}

http::Response serve_drop(const Handlers& handlers, const Call& call) {
  if (handlers.custody == nullptr) return absent();
  if (!is_root_or_own(call.request)) return only_root();
  if (call.word("destination").empty()) return refuse({400, "no_destination", "say which destination", "请指明目的地"});
  const auto told = handlers.custody->drop({call.word("destination"), call.truth("give_up"), call.truth("confirm"), who_asks(call)});
  if (const auto* refusal = std::get_if<Refusal>(&told)) return refuse(*refusal);
  const auto& drop = std::get<DropAnswer>(told);
  if (drop.done)
    log::warn("destination " + drop.destination + " dropped by " + who_asks(call) + ": owed elsewhere " + std::to_string(drop.elsewhere) + ", kept " +
              std::to_string(drop.kept) + ", given up " + std::to_string(drop.given_up) + ", telemetry " + std::to_string(drop.telemetry));
  return answer(drop_json(drop));
}

}  // namespace sampan::control
