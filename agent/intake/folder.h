// SPDX-License-Identifier: Apache-2.0
// FolderIntake: takes the files that appear in a folder, on a local disk, a network share or a DICOM medium.
//
// A DICOM file (PS3.10) becomes an image: its data set, byte for byte. The original is removed, or moved to .sampan-done
// below the folder, only after the sink's commit() said that it is durable (DESIGN, contract 1), and only when it is
// still the file that was read. A crash between the two makes a repeat, which the queue knows as one (contract 6).
// What is no DICOM is moved to .sampan-rejected below the folder with a note beside it; with carry_any it travels as a
// plain file (Kind::message, facts name and media_type). A DICOMDIR leaves like an image once the files it names are taken,
// or when for unclosed_time no more of them came; then it is told how many are missing.
// A file is taken when the kernel says that its writer closed it or moved it here, else when size and time of change
// stayed the same for stable_time and nobody is seen to write or lock it. Empty files and temporary names (.x, x.part,
// x.tmp, x~) wait for unclosed_time, and so do images that say that there is more of them. Sub-folders belong to the
// folder, hidden ones and symbolic links do not; empty sub-folders stay. Where the sink refuses, everything stays where it
// is and is tried again.
// Threads: one, blocked until the kernel, a deadline or stop() wakes it. The observer is called on it. condition() from any.
// Fails:   prepare(), start() -> Errc::io when the process has no descriptors left. A folder that is missing, or goes, is waited for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/beacon.h"
#include "base/clock.h"
#include "base/result.h"
#include "core/facts.h"
#include "core/limits.h"
#include "core/sink.h"
#include "intake/folder_condition.h"
#include "intake/folder_reasons.h"

namespace sampan::intake {

enum class FolderWatching { automatic, inotify, poll };

struct FolderIntakeOptions {
  std::string path;
  std::string ae_title;  // the calling AE title of everything found here
  FolderWatching watching = FolderWatching::automatic;  // inotify, unless the file system is a remote one
  Millis stable_time{5000};
  bool keep = false;
  bool carry_any = false;
  Millis poll_every = core::limits::folder_poll_every;
  Millis rescan_every = core::limits::folder_rescan_every;
  Millis retry_every = core::limits::folder_retry_every;
  Millis unclosed_time = core::limits::file_unclosed_max;
  friend bool operator==(const FolderIntakeOptions&, const FolderIntakeOptions&) = default;
};

class FolderIntake {
 public:
  class Observer {
   public:
    virtual ~Observer() = default;
    virtual void received(const core::Facts&, std::uint64_t /*bytes*/, bool /*repeated*/) {}
    virtual void set_aside(const std::string& /*folder, as in the options*/, Unfit) {}
    virtual void medium_incomplete(const std::string& /*folder*/, std::uint64_t /*files that it names and that did not come*/) {}
    // Whether an image of this SOP Instance UID is in custody, or was until it was proven to be elsewhere.
    virtual bool holds(const std::string& /*sop_instance_uid*/) { return false; }
    // Where it is marked what is being read just now; null: nowhere.
    virtual Beacon* beacon() { return nullptr; }
  };

  FolderIntake(core::Sink& sink, const Clock& clock, FolderIntakeOptions options, Observer& observer);
  ~FolderIntake();  // stops

  // Takes what can fail to be there, and takes in nothing yet. start() does it when nobody did before.
  Status prepare();
  Status start();
  // A file that is being read is left for the next start. Returns when the thread has ended.
  void stop();
  FolderCondition condition() const;

 private:
  class Runner;
  std::unique_ptr<Runner> runner_;
};

}  // namespace sampan::intake
