// SPDX-License-Identifier: Apache-2.0
#include "queue/orders.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "queue/handed_in.h"
#include "queue/ledger_schema.h"
#include "queue/store.h"

namespace sampan::queue {

using core::DeliveryState;
using What = OrderNote::What;

// What an order is about, as it stands.
struct Orders::Aim {
  std::string name;  // of the exam
  Exam exam;
  bool whole = true;  // the exam, not one image

  bool held(const std::string& destination) const {
    return std::any_of(exam.deliveries.begin(), exam.deliveries.end(), [&](const ExamDelivery& one) {
      return one.held && (destination.empty() || one.destination == destination);
    });
  }
};

Result<Orders::Aim> Orders::aim(const Match& match) {
  store_.catch_up(Millis(200));
  const std::uint64_t failures = lookup_.failures();
  auto exam = lookup_.exam(match.exam);
  // Half an answer may lack that the exam is on hold: what is let go then would be held again, and told as on its way.
  if (lookup_.failures() != failures) return fail(Errc::io, "the ledger does not answer; order it again");
  if (!exam) return fail(Errc::not_found, "no such exam is here");
  Aim aim{exam_name(exam->sample), std::move(*exam), !match.item};
  if (aim.name.empty()) return fail(Errc::damaged, "what the ledger knows of this exam does not open");
  return aim;
}

// Page by page; what each has to write is written before the next one is acted on.
Status Orders::each_image(const Match& match, const std::string& destination, const EachImage& each) {
  auto pages = lookup_.images(match.exam, match.item);
  for (auto page = pages.next(); !page.empty();) {
    std::vector<Note> notes;
    for (const auto& image : page)
      if (destination.empty() || image.destination == destination) each(image, notes);
    const Status kept = hand_in(store_, std::move(notes));
    page = pages.next();
    if (!kept) return page.empty() ? kept : fail(Errc::limit, "only part of the order is written, the disk does not take it; order it again when it does");
  }
  if (!pages.good()) return fail(Errc::io, "the ledger does not answer; order it again");
  return {};
}

VerdictNote Orders::verdict(const ImageDelivery& image, DeliveryState state, std::string_view reason) const {
  return {image.item, state, clock_.wall(), image.destination, std::string(reason)};
}

OrderNote Orders::order(const Aim& aim, What what, const std::string& destination) const {
  return {what, core::Priority::routine, clock_.wall(), aim.name, destination};
}

namespace {

// What an order leaves as it is.
void leave(OrderDone& done, const ImageDelivery& image) {
  switch (image.state) {
    case DeliveryState::waiting: ++(image.destination == nobody ? done.no_route : done.waiting); break;
    case DeliveryState::on_hold: ++done.on_hold; break;
    case DeliveryState::delivered: ++done.delivered; break;
    case DeliveryState::rejected: ++done.rejected; break;
  }
}

// True when its bytes are here, so that it can be sent.
bool can_go(OrderDone& done, const ImageDelivery& image) {
  if (image.payload == Payload::here) return true;
  ++(image.payload == Payload::damaged ? done.damaged : done.reclaimed);
  return false;
}

// What has no way to go does not leave, whatever is ordered.
void let_go(OrderDone& done, const ImageDelivery& image) { ++(image.destination == nobody ? done.no_route : done.deliveries); }

std::uint64_t held_back(const Exam& exam, const std::string& destination) {
  const auto found = std::ranges::find(exam.deliveries, destination, &ExamDelivery::destination);
  return found == exam.deliveries.end() ? 0 : found->on_hold;
}

}  // namespace

Result<OrderDone> Orders::hold(const Match& match, const std::string& destination) {
  auto aimed = aim(match);
  if (!aimed) return aimed.error();
  OrderDone done;
  done.later = aimed->whole;
  const Status counted = each_image(match, destination, [&](const ImageDelivery& image, std::vector<Note>& notes) {
    if (image.state != DeliveryState::waiting) return leave(done, image);
    ++done.deliveries;
    if (!aimed->whole) notes.push_back(verdict(image, DeliveryState::on_hold, image_held));
  });
  if (!counted) return counted.error();
  if (!aimed->whole) return done;
  if (Status kept = hand_in(store_, {order(*aimed, What::hold, destination)}); !kept) return kept.error();
  return done;
}

Result<OrderDone> Orders::resume(const Match& match, const std::string& destination) {
  auto aimed = aim(match);
  if (!aimed) return aimed.error();
  const bool held = aimed->held(destination);
  if (held && !aimed->whole) return fail(Errc::refused, "the whole exam is on hold; resume the exam first");
  OrderDone done;
  const Status let = each_image(match, destination, [&](const ImageDelivery& image, std::vector<Note>& notes) {
    if (image.state != DeliveryState::on_hold && image.state != DeliveryState::rejected) return leave(done, image);
    if (!can_go(done, image)) return;
    let_go(done, image);
    if (!held || image.reason != exam_held) notes.push_back(verdict(image, DeliveryState::waiting, ""));
  });
  if (!let) return let.error();
  if (!held) return done;
  if (Status kept = hand_in(store_, {order(*aimed, What::resume, destination)}); !kept) return kept.error();
  return done;
}

Result<OrderDone> Orders::resend(const Match& match, const std::string& destination) {
  auto aimed = aim(match);
  if (!aimed) return aimed.error();
  if (aimed->held(destination)) return fail(Errc::refused, "the exam is on hold; resume it first");
  OrderDone done;
  const Status sent = each_image(match, destination, [&](const ImageDelivery& image, std::vector<Note>& notes) {
    if (image.state != DeliveryState::delivered && image.state != DeliveryState::rejected) return leave(done, image);
    if (!can_go(done, image)) return;
    let_go(done, image);
    notes.push_back(verdict(image, DeliveryState::waiting, ""));
  });
  if (!sent) return sent.error();
  return done;
}

Result<OrderDone> Orders::owe(const Match& match, const std::string& destination) {
  auto aimed = aim(match);
  if (!aimed) return aimed.error();
  if (!aimed->whole) return fail(Errc::invalid, "name the exam, not one image of it");
  OrderDone done, items, owed;  // of these two what can be sent and what is gone: of all, and of those it is owed already
  done.later = true;
  Uuid item;
  // Each that lacks the duty is given it by name: it may have been released from it, and the order says nothing of single items.
  const Status counted = each_image(match, "", [&](const ImageDelivery& image, std::vector<Note>& duties) {
    if (std::exchange(item, image.item) != image.item && can_go(items, image)) {
      ++items.deliveries;
      duties.push_back(DutyNote{item, clock_.wall(), {destination}});
    }
    if (image.destination != destination) return;
    if (!duties.empty() && item_of(duties.back()) == item) duties.pop_back();
    if (can_go(owed, image)) ++owed.deliveries;
    if (image.state != DeliveryState::on_hold) leave(done, image);
  });
  if (!counted) return counted.error();
  if (Status kept = hand_in(store_, {order(*aimed, What::owe, destination)}); !kept) return kept.error();
  // What a person or a rule holds back is owed, and does not leave.
  const auto now = lookup_.exam(match.exam);
  done.on_hold = now ? held_back(*now, destination) : 0;
  const std::uint64_t more_held = done.on_hold - std::min(done.on_hold, held_back(aimed->exam, destination));
  done.deliveries = items.deliveries - owed.deliveries;
  done.deliveries -= std::min(done.deliveries, more_held);
  done.reclaimed = items.reclaimed - owed.reclaimed;
  done.damaged = items.damaged - owed.damaged;
  return done;
}

Result<OrderDone> Orders::prioritise(const Match& match, core::Priority priority) {
  auto aimed = aim(match);
  if (!aimed) return aimed.error();
  if (!aimed->whole) return fail(Errc::invalid, "name the exam, not one image of it");
  OrderDone done;
  done.later = true;
  const Status counted = each_image(match, "", [&](const ImageDelivery& image, std::vector<Note>&) {
    image.state == DeliveryState::waiting ? let_go(done, image) : leave(done, image);
  });
  if (!counted) return counted.error();
  OrderNote note = order(*aimed, What::priority, "");
  note.priority = priority;
  if (Status kept = hand_in(store_, {std::move(note)}); !kept) return kept.error();
  return done;
}

}  // namespace sampan::queue
