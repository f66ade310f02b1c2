// SPDX-License-Identifier: Apache-2.0
#include "control/custody.h"

#include "control/json_fields.h"

namespace sampan::control {

template <class A>
void fields(A& a, DamagedPlace& v) {
  a("place", v.place), a("bytes", v.bytes), a("doubtful", v.doubtful), a("reason", v.reason), a("study_uid", v.study_uid), a("about", v.about);
}
template <class A>
void fields(A& a, DamageList& v) {
  a("now", v.now), a("more", v.more), a("incomplete", v.incomplete), a("places", v.places);
}
template <class A>
void fields(A& a, DamageSeen& v) {
  a("places", v.places);
}
template <class A>
void fields(A& a, DropAnswer& v) {
  a("destination", v.destination), a("done", v.done), a("more", v.more), a("elsewhere", v.elsewhere), a("kept", v.kept), a("given_up", v.given_up);
  a("damaged", v.damaged), a("telemetry", v.telemetry);
}

std::string damage_json(const DamageList& list) { return dump(to_json(list)); }
Result<DamageList> parse_damage(std::string_view json) { return answer_of<DamageList>(json); }
std::string seen_json(const DamageSeen& seen) { return dump(to_json(seen)); }
Result<DamageSeen> parse_seen(std::string_view json) { return answer_of<DamageSeen>(json); }
std::string drop_json(const DropAnswer& drop) { return dump(to_json(drop)); }
Result<DropAnswer> parse_drop(std::string_view json) { return answer_of<DropAnswer>(json); }

}  // namespace sampan::control
