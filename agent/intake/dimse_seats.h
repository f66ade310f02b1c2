// SPDX-License-Identifier: Apache-2.0
// Seats: counts how many there are, in all and from one host, and says when there are enough.
//
// Threads: any. A Seats outlives every Seat it gave.
#pragma once

#include <map>
#include <mutex>
#include <string>

namespace sampan::intake {

enum class Seating { seated, house_full, host_full };

class Seats {
 public:
  Seats(unsigned total_max, unsigned per_host_max) : total_max_(total_max), per_host_max_(per_host_max) {}

  Seating take(const std::string& host);
  void leave(const std::string& host);
  unsigned taken() const;
  // Whoever is seated keeps the seat, also when there are fewer now.
  void resize(unsigned total_max, unsigned per_host_max);

 private:
  mutable std::mutex mutex_;
  unsigned total_max_;
  unsigned per_host_max_;
  unsigned total_ = 0;
  std::map<std::string, unsigned> by_host_;
};

// Leaves when it goes, if it was seated at all.
class Seat {
 public:
  Seat(Seats& seats, std::string host) : seats_(seats), host_(std::move(host)), seating_(seats.take(host_)) {}
  ~Seat() {
    if (seating_ == Seating::seated) seats_.leave(host_);
  }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  Seating seating() const { return seating_; }

 private:
  Seats& seats_;
  const std::string host_;
  const Seating seating_;
};

}  // namespace sampan::intake
