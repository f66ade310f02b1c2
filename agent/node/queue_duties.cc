// SPDX-License-Identifier: Apache-2.0
#include "node/queue_duties.h"

namespace sampan::node {

static queue::LeaseQuery::Class to_class(const scheduler::ClassKey& key) { return {key.sop_class, key.transfer_syntax}; }

scheduler::Leased QueueDuties::lease(const scheduler::LeaseRequest& request) {
  queue::LeaseQuery query;
  query.destination = request.destination;
  query.items_max = request.items_max;
  query.bytes_max = request.bytes_max;
  query.skip_items = request.skip_items;
  query.only_items = request.only_items;
  query.only_emergencies = request.only_emergencies;
  for (const auto& key : request.skip_classes) query.skip_classes.push_back(to_class(key));
  if (request.only_class) query.only_class = to_class(*request.only_class);
  auto batch = queue_.lease(query);
  scheduler::Leased leased;
  leased.items = std::move(batch.items);
  if (batch.due_in) leased.due_at = clock_.mono() + *batch.due_in;
  return leased;
}

void QueueDuties::settle(const std::string& destination, std::span<const scheduler::Settlement> settlements) {
  for (const auto& one : settlements) {
    if (const auto* delivered = std::get_if<core::Delivered>(&one.what))
      queue_.deliver(destination, delivered->receipt);
    else if (const auto* rejected = std::get_if<core::Rejected>(&one.what))
      queue_.reject(destination, one.item, rejected->reason);
    else if (const auto* back = std::get_if<scheduler::PutBack>(&one.what))
      queue_.put_back(destination, one.item, back->reason, back->wait, back->counted);
  }
}

}  // namespace sampan::node
