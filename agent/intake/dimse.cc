// SPDX-License-Identifier: Apache-2.0
#include "intake/dimse.h"

#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/log.h"
#include "intake/dimse_connection.h"

namespace sampan::intake {
namespace {

// Half of the descriptors are for the callers, the other half for disk and destinations.
unsigned associations_allowed(unsigned wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
  const auto allowed = static_cast<unsigned>(std::clamp<rlim_t>(limit.rlim_cur / 2, 1, wanted));
  if (allowed < wanted)
    log::warn("intake: RLIMIT_NOFILE allows " + std::to_string(allowed) + " associations instead of " +
              std::to_string(wanted));
  return allowed;
}

DimseIntakeOptions checked(DimseIntakeOptions options) {
  options.pdu_bytes_max =
      std::clamp(options.pdu_bytes_max, core::limits::pdu_bytes_min, core::limits::pdu_bytes_max);
  options.associations_max = associations_allowed(std::max(options.associations_max, 1u));
  options.associations_per_host_max = std::max(options.associations_per_host_max, 1u);
  for (AllowedCaller& caller : options.callers) caller.address = canonical_address(caller.address);
  return options;
}

}  // namespace

class DimseIntake::Change {
 public:
  DimseIntakeOptions options;
  bool keeps_door = true;             // else the one there is, if any, gives way to this one, if any
  std::optional<Listener> listener{};
};

class DimseIntake::Server {
 public:
  Server(core::Sink& sink, Clock& clock, DimseIntakeOptions options, Observer& observer, core::Receipts* receipts, core::Promises* promises)
      : house_(sink, clock, observer, receipts, promises, options),
        connections_(options.associations_max + core::limits::knocking_max,
                     options.associations_per_host_max + core::limits::knocking_per_host_max) {}

  Status start();
  Result<std::shared_ptr<Change>> prepare(DimseIntakeOptions options);
  void change(Change prepared);
  void stop(Millis grace);

  House house_;
  std::atomic<std::uint16_t> port_{0};

 private:
  // A connection with its thread. The list never moves its elements.
  struct Guest {
    Guest(House& house, Seats& seats, Visitor visitor)
        : seat(seats, visitor.address), connection(house, std::move(visitor)) {}
    Seat seat;
    Connection connection;
    std::thread thread;
    bool done = false;
  };

  void open_door(Listener listener);
  void close_door();
  void accept_all();
  void welcome(Visitor visitor);
  void run(Guest& guest);
  void bury_the_dead();

  Seats connections_;
  std::optional<Listener> listener_;
  std::thread acceptor_;
  std::mutex mutex_;  // of guests_ and their done
  std::condition_variable left_;
  std::list<Guest> guests_;
};

Status DimseIntake::Server::start() {
  dicom::quiet_dcmtk();
  const auto options = house_.options();
  if (!options->listen) return {};
  auto listener = Listener::open(options->address, options->port);
  if (!listener) return listener.error();
  open_door(std::move(*listener));
  return {};
}

void DimseIntake::Server::open_door(Listener listener) {
  listener_.emplace(std::move(listener));
  port_ = listener_->port();
  acceptor_ = std::thread([this] { accept_all(); });
}

void DimseIntake::Server::close_door() {
  if (!acceptor_.joinable()) return;
  listener_->wake();
  acceptor_.join();
  listener_.reset();
  port_ = 0;
}

Result<std::shared_ptr<DimseIntake::Change>> DimseIntake::Server::prepare(DimseIntakeOptions options) {
  const auto now = house_.options();
  Change change{checked(std::move(options))};
  const bool same = now->address == change.options.address && now->port == change.options.port;
  change.keeps_door = change.options.listen == now->listen && (same || !now->listen);
  if (!change.keeps_door && change.options.listen) {
    auto listener = Listener::open(change.options.address, change.options.port);
    if (!listener) return listener.error();
    change.listener = std::move(*listener);
  }
  return std::make_shared<Change>(std::move(change));
}

void DimseIntake::Server::change(Change prepared) {
  const auto& options = prepared.options;
  connections_.resize(options.associations_max + core::limits::knocking_max,
                      options.associations_per_host_max + core::limits::knocking_per_host_max);
  house_.set_options(options);
  if (prepared.keeps_door) return;
  close_door();
  if (prepared.listener) open_door(std::move(*prepared.listener));
}

void DimseIntake::Server::accept_all() {
  for (;;) {
    Visitor visitor = listener_->accept_one();
    if (!visitor.socket) return;
    bury_the_dead();
    welcome(std::move(visitor));
  }
}

void DimseIntake::Server::welcome(Visitor visitor) {
  const std::string address = visitor.address;
  const std::lock_guard lock(mutex_);
  if (house_.stopping) return;
  guests_.emplace_back(house_, connections_, std::move(visitor));
  Guest& guest = guests_.back();
  try {
    if (guest.seat.seating() == Seating::seated) {
      guest.thread = std::thread([this, &guest] { run(guest); });
      return;
    }
  } catch (const std::system_error&) {
    log::warn("intake: no thread for a connection");
  }
  guest.connection.turn_away();
  guests_.pop_back();
  house_.refuse({address, "", ""}, 0x0302, "too many connections at once");
}

void DimseIntake::Server::run(Guest& guest) {
  guest.connection.run();
  const std::lock_guard lock(mutex_);
  guest.done = true;
  left_.notify_all();
}

// Joins the threads of connections that have ended, and frees their seats.
void DimseIntake::Server::bury_the_dead() {
  std::list<Guest> dead;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = guests_.begin(); at != guests_.end();) {
      const auto next = std::next(at);
      if (at->done) dead.splice(dead.end(), guests_, at);
      at = next;
    }
  }
  for (Guest& guest : dead) guest.thread.join();
}

void DimseIntake::Server::stop(Millis grace) {
  {
    const std::lock_guard lock(mutex_);
    if (house_.stopping.exchange(true)) return;
    for (Guest& guest : guests_) guest.connection.end_if_idle();
  }
  close_door();
  {
    std::unique_lock lock(mutex_);
    left_.wait_for(lock, grace, [&] {
      return std::all_of(guests_.begin(), guests_.end(), [](const Guest& guest) { return guest.done; });
    });
    for (Guest& guest : guests_) guest.connection.end_now();
  }
  for (Guest& guest : guests_) guest.thread.join();
  guests_.clear();
}

DimseIntake::DimseIntake(core::Sink& sink, Clock& clock, DimseIntakeOptions options, Observer& observer, core::Receipts* receipts,
                         core::Promises* promises)
    : server_(std::make_unique<Server>(sink, clock, checked(std::move(options)), observer, receipts, promises)) {}
DimseIntake::~DimseIntake() { stop(Millis(0)); }

Status DimseIntake::start() { return server_->start(); }
Result<std::shared_ptr<DimseIntake::Change>> DimseIntake::prepare(DimseIntakeOptions options) {
  return server_->prepare(std::move(options));
}
void DimseIntake::change(std::shared_ptr<Change> prepared) { server_->change(std::move(*prepared)); }
void DimseIntake::stop(Millis grace) { server_->stop(grace); }
bool DimseIntake::listens() const { return server_->port_ != 0; }
std::uint16_t DimseIntake::port() const { return server_->port_; }
unsigned DimseIntake::associations_now() const { return server_->house_.associations.taken(); }
unsigned DimseIntake::associations_max() const { return server_->house_.options()->associations_max; }
const Refusals& DimseIntake::refusals() const { return server_->house_.refusals; }

}  // namespace sampan::intake
