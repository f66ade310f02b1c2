// SPDX-License-Identifier: Apache-2.0
// Cargo: files made ready to be sent: mapped, identified, given fresh UIDs and hashed before any clock starts.
//
// Fails:  a file that cannot be read or identified becomes an instance with a reason and nothing to send.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace sampan::test {

struct Loading {
  std::string transfer_syntax, sop_class, sop_instance;  // where given, believed more than the file
  std::size_t repeat = 1;
  bool new_uids = false;  // of the same length as the old; where that cannot be done, sent once, as it is
  bool hash = true;
};

// One data set to send: head, a changed copy of the first bytes, and then rest.
struct Instance {
  std::string path;
  std::string sop_class, sop_instance, sha256;
  std::size_t kind = 0;  // index into Cargo::kinds
  Bytes head;
  ByteView rest;
  std::string unsendable;  // why, when it cannot be sent
  std::size_t size() const { return head.size() + rest.size(); }
};

// What one presentation context carries.
struct CargoKind {
  std::string sop_class, transfer_syntax;
  friend bool operator==(const CargoKind&, const CargoKind&) = default;
};

class Cargo {
 public:
  Cargo() = default;
  ~Cargo();
  Cargo(const Cargo&) = delete;
  Cargo& operator=(const Cargo&) = delete;

  // All files once, then all of them again, loading.repeat times.
  void load(const std::vector<std::string>& paths, const Loading& loading);
  const std::vector<Instance>& instances() const { return instances_; }
  const std::vector<CargoKind>& kinds() const { return kinds_; }
  // Back to the disk with what load() read: from now on each file is read when its turn comes. Fails where a page stays.
  bool chill();
  // Asks the kernel for the instance's file, which chill() put away.
  void ask_for(std::size_t instance) const;

 private:
  ByteView map(const std::string& path);
  Instance identify(const std::string& path, ByteView file, const Loading& loading);
  bool renew(Instance& instance);
  std::size_t kind_of(const CargoKind& kind);

  std::vector<Instance> instances_;
  std::vector<CargoKind> kinds_;
  std::vector<ByteView> mapped_;
  std::set<std::string> used_uids_;
};

}  // namespace sampan::test
