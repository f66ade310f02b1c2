// SPDX-License-Identifier: Apache-2.0
// A clock that is set by hand, a sink in memory that can refuse, and facts of an image with an invented patient.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/random.h"
#include "core/sink.h"
#include "support/faulty_files.h"
#include "support/temporary_directory.h"
#include "telemetry/event.h"

namespace sampan::test {

struct HandClock final : Clock {
  MonoTime mono() const override { return {mono_ms}; }
  WallTime wall() const override { return {wall_ms}; }
  void pass(Millis time) { mono_ms += time.count(), wall_ms += time.count(); }
  std::atomic<std::int64_t> mono_ms{1'000'000}, wall_ms{1'795'000'000'000};
};

// Keeps what was committed, by id: the same id again changes nothing, as the queue promises.
class MemorySink final : public core::Sink {
 public:
  struct Kept {
    core::Kind kind;
    Uuid id;
    std::string line;
  };
  std::atomic<bool> refuses{false};
  std::atomic<unsigned> offers{0};

  Status admits(core::Kind) const override { return {}; }
  Result<std::unique_ptr<core::Inflow>> open(const core::Manifest& manifest) override {
    return std::unique_ptr<core::Inflow>(new Inflow(*this, manifest));
  }
  std::vector<Kept> kept() const {
    const std::lock_guard lock(mutex_);
    return kept_;
  }
  std::vector<telemetry::Event> events() const {
    std::vector<telemetry::Event> found;
    for (const Kept& one : kept())
      if (one.kind == core::Kind::event) found.push_back(telemetry::read_event(one.line).value());
    return found;
  }

 private:
  struct Inflow final : core::Inflow {
    Inflow(MemorySink& to, const core::Manifest& manifest) : sink(to), kept{manifest.kind, manifest.id, {}} {}
    Status append(ByteView bytes) override {
      kept.line.append(bytes.begin(), bytes.end());
      return {};
    }
    Result<core::Stored> commit(const core::Facts&) override {
      ++sink.offers;
      if (sink.refuses) return fail(Errc::full, "no");
      const std::lock_guard lock(sink.mutex_);
      for (const Kept& one : sink.kept_)
        if (one.id == kept.id) {
          CHECK(one.line == kept.line);
          return core::Stored{kept.id, true};
        }
      sink.kept_.push_back(kept);
      return core::Stored{kept.id, false};
    }
    MemorySink& sink;
    Kept kept;
  };
  mutable std::mutex mutex_;
  std::vector<Kept> kept_;
};

inline constexpr const char* canary = "CANARY";

inline core::Facts image_of(const std::string& serial, const std::string& software = "V1", const std::string& detector = "D1") {
  using core::Fact;
  core::Facts facts;
  facts.set(Fact::sop_class_uid, "1.2.840.10008.5.1.4.1.1.1.1");
  facts.set(Fact::sop_instance_uid, "1.2.3.CANARY");
  facts.set(Fact::study_instance_uid, "1.2.CANARY");
  facts.set(Fact::manufacturer, "Works");
  facts.set(Fact::model, "DR 7");
  facts.set(Fact::device_serial, serial);
  facts.set(Fact::software_versions, software);
  facts.set(Fact::detector_id, detector);
  facts.set(Fact::station_name, "ROOM1");
  facts.set(Fact::modality, "DX");
  facts.set(Fact::calling_ae, "DR1");
  facts.set(Fact::peer_address, "192.0.2.7");
  for (const Fact fact : {Fact::patient_name, Fact::patient_id, Fact::birth_date, Fact::accession_number, Fact::study_description,
                          Fact::issuer_of_patient_id, Fact::institution, Fact::body_part, Fact::name})
    facts.set(fact, "CANARY^PATIENT");
  return facts;
}

}  // namespace sampan::test
