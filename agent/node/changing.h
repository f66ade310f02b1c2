// SPDX-License-Identifier: Apache-2.0
// Changing: images are changed for a destination by the worker, and one that ends it again and again is left alone.
//
// What broke off is remembered by image and by what was wanted of it, for as long as the node runs; few of them at once.
// Threads: any.
// Fails:   as uplink::Change says.
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "uplink/transforming.h"
#include "worker/worker.h"

namespace sampan::node {

class Changing {
 public:
  explicit Changing(worker::Worker& worker) : worker_(worker) {}
  Result<std::shared_ptr<core::Payload>> change(const core::Consignment& one, const dicom::Transform& wanted, const dicom::ChangeNote& note);
  // That, as couriers want it; this outlives what is returned.
  uplink::Change by_worker();

 private:
  struct Struck {
    Uuid item;
    dicom::Transform wanted;
    unsigned count = 0;
  };
  unsigned strike(const Uuid& item, const dicom::Transform& wanted);
  void forget(const Uuid& item, const dicom::Transform& wanted);

  worker::Worker& worker_;
  std::atomic<bool> away_{false};  // there was no worker to be had, and it was said
  std::mutex mutex_;
  std::vector<Struck> struck_;  // guarded by mutex_
};

}  // namespace sampan::node
