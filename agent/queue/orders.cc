// SPDX-License-Identifier: Apache-2.0
#include "queue/orders.h"

#include <algorithm>
#include <future>
#include <map>
#include <set>

#include "core/limits.h"
#include "queue/ledger_schema.h"
#include "queue/store.h"

namespace sampan::queue {

using core::DeliveryState;
using What = OrderNote::What;

// What an order is about, as it stands.
struct Orders::Aim {
  std::string name;  // of the exam
  Exam exam;
  std::vector<ImageDelivery> images;  // the deliveries that are meant
  bool whole = true;                  // the exam, not one image

  bool held(const std::string& destination) const {
    return std::any_of(exam.deliveries.begin(), exam.deliveries.end(), [&](const ExamDelivery& one) {
      return one.held && (destination.empty() || one.destination == destination);
    });
  }
};

Result<Orders::Aim> Orders::aim(const Match& match, const std::string& destination) {
  store_.catch_up(Millis(200));
  auto exam = lookup_.exam(match.exam);
  if (!exam) return fail(Errc::not_found, "no such exam is here");
  Aim aim{exam_name(exam->sample), std::move(*exam), lookup_.images(match.exam, match.item), !match.item};
  if (aim.name.empty()) return fail(Errc::damaged, "what the ledger knows of this exam does not open");
  std::erase_if(aim.images, [&](const ImageDelivery& one) { return !destination.empty() && one.destination != destination; });
  return aim;
}

VerdictNote Orders::verdict(const ImageDelivery& image, DeliveryState state, std::string_view reason) const {
  return {image.item, state, clock_.wall(), image.destination, std::string(reason)};
}

OrderNote Orders::order(const Aim& aim, What what, const std::string& destination) const {
  return {what, core::Priority::routine, clock_.wall(), aim.name, destination};
}

Status Orders::submit(std::vector<Note> notes) {
  if (notes.empty()) return {};
  const auto done = std::make_shared<std::promise<void>>();
  auto kept = done->get_future();
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const bool last = i + 1 == notes.size();
    store_.note(std::move(notes[i]), last ? std::function<void()>([done] { done->set_value(); }) : nullptr);
  }
  if (kept.wait_for(core::limits::order_patience) != std::future_status::ready)
    return fail(Errc::timeout, "the order is not written yet; it will be as soon as the disk takes it");
  return {};
}

namespace {

// What an order leaves as it is.
void leave(OrderDone& done, DeliveryState state) {
  switch (state) {
    case DeliveryState::waiting: ++done.waiting; break;
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

}  // namespace

Result<OrderDone> Orders::hold(const Match& match, const std::string& destination) {
  auto aimed = aim(match, destination);
  if (!aimed) return aimed.error();
  OrderDone done;
  done.later = aimed->whole;
  std::vector<Note> notes;
  for (const auto& image : aimed->images) {
    if (image.state != DeliveryState::waiting) {
      leave(done, image.state);
      continue;
    }
    ++done.deliveries;
    if (!aimed->whole) notes.push_back(verdict(image, DeliveryState::on_hold, image_held));
  }
  if (aimed->whole) notes.push_back(order(*aimed, What::hold, destination));
  if (Status kept = submit(std::move(notes)); !kept) return kept.error();
  return done;
}

Result<OrderDone> Orders::resume(const Match& match, const std::string& destination) {
  auto aimed = aim(match, destination);
  if (!aimed) return aimed.error();
  const bool held = aimed->held(destination);
  if (held && !aimed->whole) return fail(Errc::refused, "the whole exam is on hold; resume the exam first");
  OrderDone done;
  std::vector<Note> notes;
  if (held) notes.push_back(order(*aimed, What::resume, destination));
  for (const auto& image : aimed->images) {
    if (image.state != DeliveryState::on_hold && image.state != DeliveryState::rejected) {
      leave(done, image.state);
      continue;
    }
    if (!can_go(done, image)) continue;
    ++done.deliveries;
    if (!held || image.reason != exam_held) notes.push_back(verdict(image, DeliveryState::waiting, ""));
  }
  if (Status kept = submit(std::move(notes)); !kept) return kept.error();
  return done;
}

Result<OrderDone> Orders::resend(const Match& match, const std::string& destination) {
  auto aimed = aim(match, destination);
  if (!aimed) return aimed.error();
  if (aimed->held(destination)) return fail(Errc::refused, "the exam is on hold; resume it first");
  OrderDone done;
  std::vector<Note> notes;
  for (const auto& image : aimed->images) {
    if (image.state != DeliveryState::delivered && image.state != DeliveryState::rejected) {
      leave(done, image.state);
      continue;
    }
    if (!can_go(done, image)) continue;
    ++done.deliveries;
    notes.push_back(verdict(image, DeliveryState::waiting, ""));
  }
  if (Status kept = submit(std::move(notes)); !kept) return kept.error();
  return done;
}

Result<OrderDone> Orders::owe(const Match& match, const std::string& destination) {
  auto aimed = aim(match, "");
  if (!aimed) return aimed.error();
  if (!aimed->whole) return fail(Errc::invalid, "name the exam, not one image of it");
  std::map<Uuid, const ImageDelivery*> images;
  std::set<Uuid> owed_before;
  for (const auto& image : aimed->images) {
    images.try_emplace(image.item, &image);
    if (image.destination == destination) owed_before.insert(image.item);
  }
  OrderDone done;
  done.later = true;
  for (const auto& [item, image] : images)
    if (!owed_before.contains(item)) static_cast<void>(can_go(done, *image));
  if (Status kept = submit({order(*aimed, What::owe, destination)}); !kept) return kept.error();
  // As it stands now: what a person or a rule holds back is owed, and does not leave.
  for (const auto& image : lookup_.images(match.exam, std::nullopt)) {
    if (image.destination != destination) continue;
    if (image.state == DeliveryState::waiting && !owed_before.contains(image.item))
      ++done.deliveries;
    else
      leave(done, image.state);
  }
  return done;
}

Result<OrderDone> Orders::prioritise(const Match& match, core::Priority priority) {
  auto aimed = aim(match, "");
  if (!aimed) return aimed.error();
  if (!aimed->whole) return fail(Errc::invalid, "name the exam, not one image of it");
  OrderDone done;
  done.later = true;
  for (const auto& image : aimed->images) {
    if (image.state != DeliveryState::waiting)
      leave(done, image.state);
    else if (image.destination != nobody)  // what goes nowhere does not go first
      ++done.deliveries;
  }
  OrderNote note = order(*aimed, What::priority, "");
  note.priority = priority;
  if (Status kept = submit({std::move(note)}); !kept) return kept.error();
  return done;
}

}  // namespace sampan::queue
