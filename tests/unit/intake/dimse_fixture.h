// SPDX-License-Identifier: Apache-2.0
// What the tests of the DIMSE intake share: a sink in memory, a running intake, and modalities that talk to it.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/sink.h"
#include "dicom/command_set.h"
#include "intake/dimse.h"
#include "support/raw_dicom.h"

namespace sampan::intake {

inline constexpr Millis patience{20000};  // how long a test waits before it gives up
inline constexpr char ct_class[] = "1.2.840.10008.5.1.4.1.1.2";
inline constexpr char mr_class[] = "1.2.840.10008.5.1.4.1.1.4";
inline constexpr char find_class[] = "1.2.840.10008.5.1.4.1.2.2.1";
inline constexpr char echo_class[] = "1.2.840.10008.1.1";
inline constexpr char explicit_le[] = "1.2.840.10008.1.2.1";
inline constexpr char implicit_le[] = "1.2.840.10008.1.2";

// Something that changes under a lock, and can be waited for.
class Watched {
 public:
  template <class Change>
  void change(Change apply) {
    const std::lock_guard lock(mutex_);
    apply();
    changed_.notify_all();
  }
  template <class Condition>
  bool wait(Condition met) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, met);
  }
  std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

class MemorySink final : public core::Sink {
 public:
  struct Cargo {
    core::Manifest manifest;
    core::Facts facts;
    Bytes bytes;
  };

  Status admits(core::Kind kind) const override;
  Result<std::unique_ptr<core::Inflow>> open(const core::Manifest& manifest) override;

  // Under watched: what there is, and how to behave.
  mutable Watched watched;
  std::vector<Cargo> stored;
  unsigned opened = 0;
  unsigned abandoned = 0;  // inflows that went without a commit
  unsigned committing = 0;
  std::optional<Error> refuse_all;      // admits()
  std::optional<Error> refuse_open;
  std::uint64_t room = ~std::uint64_t{0};  // open(): for what is known to be larger there is none
  std::optional<Error> fail_append;     // after fail_append_at bytes
  std::size_t fail_append_at = 0;
  std::optional<Error> fail_commit;
  bool hold_commit = false;             // commits wait until it is false
  bool keep_bytes = true;
  std::uint64_t bytes_seen = 0;
};

// An intake on a free port, heard by an observer that remembers.
class Clinic final : public DimseIntake::Observer {
 public:
  explicit Clinic(const std::function<void(DimseIntakeOptions&)>& adjust = {}, core::Receipts* receipts = nullptr,
                  core::Promises* promises = nullptr);
  std::string port() const { return std::to_string(intake->port()); }
  // What the connections' threads did before their last word on the network is seen from here on, and what the test
  // did is seen by them: a socket orders events, but not memory.
  void settle();
  // The newest refusal, once there are so many.
  Refusal refusal(std::size_t count = 1);

  void associated(const Caller& caller) override;
  void refused(const Refusal& refusal) override;
  void received(const core::Facts& facts, std::uint64_t bytes, bool repeated) override;

  MemorySink sink;
  Watched watched;
  std::vector<Caller> callers;
  std::size_t refusals_heard = 0;
  std::vector<std::uint64_t> sizes_received;
  std::unique_ptr<DimseIntake> intake;
};

// A modality that says exactly what a test wants it to say.
class Modality {
 public:
  struct Offer {
    std::string abstract_syntax;
    std::vector<std::string> transfer_syntaxes{explicit_le};
  };

  explicit Modality(Clinic& clinic, Millis silence_max = patience);
  // Context ids are 1, 3, 5... True when acknowledged; the answer is in accepted or rejected.
  bool associate(const std::vector<Offer>& offers, const std::string& called = "SAMPAN",
                 const std::string& calling = "CT1");
  bool connected() const { return connection_.has_value(); }
  test::Connection& connection() { return *connection_; }

  // A C-STORE-RQ with everything in it.
  static dicom::CommandSet store_request(const std::string& sop_class, const std::string& sop_instance);
  // The command and, unless it says that there is none, the data set in fragments of so many bytes. The last one is
  // marked as such unless cut_off says that it never comes.
  bool send(std::uint8_t context, const dicom::CommandSet& request, ByteView data_set = {},
            std::size_t fragment_bytes = 16000, bool cut_off = false);
  // The next command, empty when the association ended instead.
  std::optional<dicom::CommandSet> response();
  // The data set behind a command that has one.
  std::optional<Bytes> data_set();
  // The type of the PDU that came instead of a command.
  test::PduType ended_by = test::PduType::data;
  // The status of the answer to a C-STORE; nothing when none came.
  std::optional<std::uint16_t> store(std::uint8_t context, const std::string& sop_class,
                                     const std::string& sop_instance, ByteView data_set);
  bool release();
  bool closed_by_peer();

  test::Associate accepted;
  Bytes rejected;  // body of the A-ASSOCIATE-RJ

 private:
  bool read_pdu();

  Clinic& clinic_;
  std::optional<test::Connection> connection_;
  test::Pdu pdu_;
};

// A data set of Explicit LE: SOP class, SOP instance, patient, study and some pixels.
Bytes small_image(const std::string& sop_instance, std::size_t pixel_bytes = 100);

// Runs a program against the clinic to its end, its output thrown away; its exit code, or -1.
int run_program(Clinic& clinic, const std::vector<std::string>& words);

}  // namespace sampan::intake
