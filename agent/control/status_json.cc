// SPDX-License-Identifier: Apache-2.0
#include "control/status_json.h"

#include "control/json_fields.h"

namespace sampan::control {

// The fields of every struct, once.
template <class A>
void fields(A& a, Finding& v) {
  a("code", v.code), a("severity", v.severity), a("zh", v.zh), a("en", v.en);
  a("action_zh", v.action_zh), a("action_en", v.action_en);
}
template <class A>
void fields(A& a, RefusedCaller& v) {
  a("time", v.time), a("address", v.address), a("calling", v.calling), a("called", v.called), a("reason", v.reason);
}
template <class A>
void fields(A& a, FolderStatus& v) {
  a("path", v.path), a("last_file", v.last_file), a("trouble", v.trouble), a("error", v.error), a("set_aside", v.set_aside);
  a("missing_files", v.missing_files), a("missing_since", v.missing_since);
}
template <class A>
void fields(A& a, IntakeStatus& v) {
  a("enabled", v.enabled), a("address", v.address), a("port", v.port), a("ae_titles", v.ae_titles);
  a("associations_now", v.associations_now), a("received_total", v.received_total), a("last_image", v.last_image);
  a("refused", v.refused), a("accepting", v.accepting), a("refusing_reason", v.refusing_reason);
  a("commitments_open", v.commitments_open), a("commitments_untold", v.commitments_untold);
  a("commitments_oldest_s", v.commitments_oldest_s), a("commitments_error", v.commitments_error);
  a("folders", v.folders);
}
template <class A>
void fields(A& a, SpoolStatus& v) {
  a("items", v.items), a("bytes", v.bytes), a("quarantined", v.quarantined), a("doubtful", v.doubtful), a("foreign", v.foreign);
  a("denied", v.denied), a("unreadable", v.unreadable), a("unreadable_reason", v.unreadable_reason);
  a("stranger_file", v.stranger_file), a("stranger_owner", v.stranger_owner), a("own_user", v.own_user), a("quarantined_exams", v.quarantined_exams);
  a("rebuilding", v.rebuilding), a("rebuilt_items", v.rebuilt_items), a("uncounted", v.uncounted), a("unanswered", v.unanswered), a("disk_free_bytes", v.disk_free_bytes),
      a("disk_total_bytes", v.disk_total_bytes);
  a("intake_bytes_per_day", v.intake_bytes_per_day), a("disk_lasts_s", v.disk_lasts_s), a("disk_lasts_guess", v.disk_lasts_guess);
  a("disk_state", v.disk_state);
}
template <class A>
void fields(A& a, ReasonCount& v) {
  a("reason", v.reason), a("items", v.items);
}
template <class A>
void fields(A& a, BlockedClass& v) {
  a("sop_class", v.sop_class), a("transfer_syntax", v.transfer_syntax), a("reason", v.reason);
}
template <class A>
void queue_fields(A& a, DestinationStatus& v) {
  a("name", v.name), a("state", v.state), a("waiting", v.waiting), a("waiting_bytes", v.waiting_bytes);
  a("oldest_waiting_s", v.oldest_waiting_s), a("emergency_waiting_s", v.emergency_waiting_s), a("sending", v.sending), a("on_hold", v.on_hold);
  a("rejected", v.rejected), a("ages", v.ages), a("telemetry_waiting", v.telemetry_waiting);
  a("window_closed", v.window_closed), a("window_opens", v.window_opens);
}
template <class A>
void fields(A& a, DestinationStatus& v) {
  queue_fields(a, v);
  a("courier", v.courier), a("address", v.address), a("state_age_s", v.state_age_s), a("last_error", v.last_error);
  a("next_attempt_in_s", v.next_attempt_in_s), a("last_success", v.last_success), a("last_contact_s", v.last_contact_s), a("delivered", v.delivered);
  a("telemetry_delivered", v.telemetry_delivered);
  a("archived", v.archived), a("proof", v.proof), a("trusted", v.trusted), a("by_node", v.by_node), a("unproven_long", v.unproven_long), a("lost_often", v.lost_often), a("not_committed", v.not_committed), a("blocked_classes", v.blocked_classes);
  a("on_hold_reasons", v.on_hold_reasons), a("rejected_reasons", v.rejected_reasons);
  a("waiting_reasons", v.waiting_reasons), a("on_hold_exams", v.on_hold_exams), a("rejected_exams", v.rejected_exams);
  a("window_opened", v.window_opened);
  a("detour_to", v.detour_to), a("detoured", v.detoured);
}
template <class A>
void fields(A& a, StrandedStatus& v) {
  a("destination", v.destination), a("waiting", v.waiting), a("oldest_waiting_s", v.oldest_waiting_s), a("accepted", v.accepted), a("on_hold", v.on_hold),
      a("rejected", v.rejected), a("exams", v.exams);
}
template <class A>
void fields(A& a, KeyStatus& v) {
  a("protected_by", v.protected_by), a("memory_locked", v.memory_locked), a("images_may_be_swapped", v.images_may_be_swapped), a("node_keys", v.node_keys);
  a("newest_made", v.newest_made), a("recovery", v.recovery), a("recovery_made", v.recovery_made);
}
template <class A>
void fields(A& a, NodeStatus& v) {
  a("site", v.site), a("version", v.version), a("state_directory", v.state_directory), a("now", v.now);
  a("started", v.started), a("uptime_s", v.uptime_s), a("clock_set_by_s", v.clock_set_by_s), a("verdict", v.verdict), a("attention", v.attention);
  a("intake", v.intake), a("spool", v.spool), a("destinations", v.destinations), a("destinations_age_s", v.destinations_age_s);
  a("stranded", v.stranded), a("key", v.key);
}

std::string status_json(const NodeStatus& status) { return dump(to_json(status)); }

std::string queue_json(const NodeStatus& status) {
  Json destinations = Json::array();
  for (DestinationStatus destination : status.destinations) {
    Writer writer;
    queue_fields(writer, destination);
    destinations.push_back(std::move(writer.out));
  }
  Json out = Json::object();
  out["now"] = to_json(status.now);
  out["verdict"] = to_json(status.verdict);
  out["destinations"] = std::move(destinations);
  out["destinations_age_s"] = to_json(status.destinations_age_s);
  out["stranded"] = to_json(status.stranded);
  return dump(out);
}

Result<NodeStatus> parse_status(std::string_view json) {
  try {
    NodeStatus status;
    from_json(Json::parse(json), status);
    return status;
  } catch (const Json::exception&) {
    return fail(Errc::damaged, "the answer is not a status this version understands");
  }
}

std::string key_json(const KeyStatus& key) { return dump(to_json(key)); }

Result<KeyStatus> parse_key(std::string_view json) {
  try {
    KeyStatus key;
    from_json(Json::parse(json), key);
    return key;
  } catch (const Json::exception&) {
    return fail(Errc::damaged, "the answer is not one about keys this version understands");
  }
}

std::string recovery_json(const std::string& recovery_key) {
  Json out = Json::object();
  out["recovery_key"] = recovery_key;
  return dump(out);
}

Result<std::string> parse_recovery(std::string_view json) {
  try {
    return Json::parse(json).at("recovery_key").get<std::string>();
  } catch (const Json::exception&) {
    return fail(Errc::damaged, "the answer is not a recovery key this version understands");
  }
}

std::string flat_json(std::initializer_list<std::pair<std::string_view, std::string_view>> words) {
  Json out = Json::object();
  for (const auto& [name, value] : words) out[std::string(name)] = std::string(value);
  return out.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sampan::control
