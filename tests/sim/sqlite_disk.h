// SPDX-License-Identifier: Apache-2.0
// SqliteDisk: has SQLite keep its files on volatile disks, by the first part of their path, with time and chance of ours.
//
// The default VFS of this process from install() on. Locks and shared memory are those of one process, and nobody waits.
// Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sim/simulated_disk.h"

namespace sampan::sim {

void install_sqlite_disk();
// For a new world: forgets the old disks, and what SQLite's own dice had.
void reset_sqlite_disk(std::function<std::uint64_t()> dice, std::function<std::int64_t()> wall_ms);
// Paths that begin with prefix are on this disk.
void mount_sqlite_disk(const std::string& prefix, SimulatedDisk& disk);

}  // namespace sampan::sim
