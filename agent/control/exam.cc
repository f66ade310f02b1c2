// SPDX-License-Identifier: Apache-2.0
#include "control/exam.h"

#include "control/json_fields.h"

namespace sampan::control {

template <class A>
void fields(A& a, ExamReason& v) {
  a("state", v.state), a("reason", v.reason), a("images", v.images), a("attempts", v.attempts), a("oldest", v.oldest);
  a("next_attempt", v.next_attempt);
}
template <class A>
void fields(A& a, ExamDestination& v) {
  a("name", v.name), a("waiting", v.waiting), a("on_hold", v.on_hold), a("rejected", v.rejected);
  a("delivered", v.delivered), a("archived", v.archived), a("first_accepted", v.first_accepted);
  a("last_accepted", v.last_accepted), a("last_archived", v.last_archived), a("held", v.held), a("added", v.added);
  a("window_closed", v.window_closed), a("window_opens", v.window_opens), a("reasons", v.reasons);
}
template <class A>
void fields(A& a, ExamStatus& v) {
  a("study_uid", v.study_uid), a("patient_name", v.patient_name), a("patient_id", v.patient_id);
  a("accession_number", v.accession_number), a("charset_suspect", v.charset_suspect), a("modality", v.modality);
  a("body_part", v.body_part), a("station", v.station), a("calling_ae", v.calling_ae), a("called_ae", v.called_ae);
  a("peer_address", v.peer_address), a("images", v.images), a("bytes", v.bytes);
  a("first_received", v.first_received), a("last_received", v.last_received), a("priority", v.priority);
  a("priority_ordered", v.priority_ordered), a("destinations", v.destinations);
}
template <class A>
void fields(A& a, ExamList& v) {
  a("now", v.now), a("matched", v.matched), a("more", v.more), a("incomplete", v.incomplete);
  a("exams", v.exams);
}
template <class A>
void fields(A& a, Ordered& v) {
  a("deliveries", v.deliveries), a("reclaimed", v.reclaimed), a("damaged", v.damaged);
  a("on_hold", v.on_hold), a("waiting", v.waiting), a("delivered", v.delivered), a("rejected", v.rejected);
  a("no_route", v.no_route), a("later", v.later);
}

std::string exams_json(const ExamList& list) { return dump(to_json(list)); }
Result<ExamList> parse_exams(std::string_view json) { return answer_of<ExamList>(json); }
std::string ordered_json(const Ordered& ordered) { return dump(to_json(ordered)); }
Result<Ordered> parse_ordered(std::string_view json) { return answer_of<Ordered>(json); }

}  // namespace sampan::control
