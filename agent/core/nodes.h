// SPDX-License-Identifier: Apache-2.0
// Nodes: how a node of this program knows another one, and itself, as a peer.
//
// A node takes another one's word for `archived`, so that word must rest on an archive in the end: a node says it to a node
// only of what is proven behind it, and what a node merely accepted is no reason to let a copy go. Around a ring, or from
// itself, nobody ever gets it. Who asks is known by the Transaction UID, which is kept with the request; who took an image
// by the receipt, which is kept with the delivery.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sampan::core {

// Implementation Class UID of every node (PS3.7 D.3.3.2.1), and the root of the UIDs they make for each other.
inline constexpr std::string_view node_root = "2.25.113599879795976636179629929027378125248";

// A Transaction UID of storage commitment that a node asks under. number: nobody can guess it; 62 bits of it fit.
inline std::string node_transaction(std::uint64_t number) { return std::string(node_root) + "." + std::to_string(number >> 2); }
inline bool asked_by_node(std::string_view transaction_uid) {
  return transaction_uid.size() > node_root.size() && transaction_uid.starts_with(node_root) && transaction_uid[node_root.size()] == '.';
}

// Receipt::node of a destination that turned out to be a node.
inline constexpr std::string_view node_mark = " (sampan)";
inline bool said_by_node(std::string_view node) { return node.ends_with(node_mark); }

}  // namespace sampan::core
