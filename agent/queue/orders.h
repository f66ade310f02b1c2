// SPDX-License-Identifier: Apache-2.0
// Orders: what a person does to an exam or to one image: hold, resume, send again, send elsewhere, send first.
//
// An order is durable when it returns: a rebuild of the ledger keeps it. One for an exam also binds its images that are
// still to come. What is on its way just now still goes out. Memory does not follow the number of its images.
// Threads: any; each waits for the store.
// Fails:   the exam is held -> Errc::refused; nothing of that name -> not_found; an image where an exam is meant -> invalid;
//          not written in time -> Errc::timeout: it will be, as soon as it can; nor before the store stops -> stopped: it is to
//          be ordered again; of many images only some -> limit; a ledger that does not answer -> io.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "queue/lookup.h"
#include "queue/notes.h"

namespace sampan::queue {

class Store;

// Of what was meant: images, once for each destination.
struct OrderDone {
  std::uint64_t deliveries = 0;  // changed as it was ordered
  std::uint64_t reclaimed = 0;   // the bytes are here no more
  std::uint64_t damaged = 0;     // the stored copy does not verify
  std::uint64_t on_hold = 0;     // stay on hold, and do not leave
  std::uint64_t waiting = 0;     // waited already
  std::uint64_t delivered = 0;   // had been delivered already
  std::uint64_t rejected = 0;    // were rejected, and wait for a person as before
  std::uint64_t no_route = 0;    // go nowhere: they match no route, and do not leave until they do or are pushed somewhere
  bool later = false;            // it binds images of the exam that are still to come
};

class Orders {
 public:
  Orders(Store& store, Lookup& lookup, const Clock& clock) : store_(store), lookup_(lookup), clock_(clock) {}

  // An empty destination: all.
  Result<OrderDone> hold(const Match& match, const std::string& destination);
  // What is on hold or rejected waits again.
  Result<OrderDone> resume(const Match& match, const std::string& destination);
  // What was delivered or rejected waits again.
  Result<OrderDone> resend(const Match& match, const std::string& destination);
  // Owed to this destination as well.
  Result<OrderDone> owe(const Match& match, const std::string& destination);
  Result<OrderDone> prioritise(const Match& match, core::Priority priority);

 private:
  struct Aim;
  Result<Aim> aim(const Match& match);
  using EachImage = std::function<void(const ImageDelivery& image, std::vector<Note>& notes)>;
  Status each_image(const Match& match, const std::string& destination, const EachImage& each);
  VerdictNote verdict(const ImageDelivery& image, core::DeliveryState state, std::string_view reason) const;
  OrderNote order(const Aim& aim, OrderNote::What what, const std::string& destination) const;

  Store& store_;
  Lookup& lookup_;
  const Clock& clock_;
};

}  // namespace sampan::queue
