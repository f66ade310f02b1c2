// SPDX-License-Identifier: Apache-2.0
// Lookup: exams as a person asks for them: by what they are called, what became of them, and who waits for what.
//
// An exam is a study, or a single item that belongs to none. Its facts are those of one of its images.
// Threads: any.
// Fails:   what the ledger does not know is not found; facts that do not open are missing.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/item.h"
#include "core/outcome.h"
#include "queue/image_pages.h"
#include "queue/ledger_secrets.h"
#include "queue/question.h"

namespace sampan::queue {

// Something that goes by the name that was asked for.
struct Match {
  enum class What { study, accession, patient, series, file, image };
  What what = What::study;
  std::int64_t exam = 0;
  std::optional<Uuid> item{};  // of an image
};

// What the images of an exam are to one destination.
struct ExamDelivery {
  std::string destination;
  std::uint64_t waiting = 0, on_hold = 0, rejected = 0, delivered = 0, archived = 0;  // delivered: archived among them
  std::optional<WallTime> first_accepted{}, last_accepted{}, last_archived{};
  bool held = false, added = false;  // by a person, for all of the exam
};

struct Exam {
  std::int64_t key = 0;
  core::Item sample;
  WallTime first{}, last{};
  std::uint64_t items = 0, bytes = 0;
  std::optional<core::Priority> priority{};  // as a person ordered it
  std::vector<ExamDelivery> deliveries;      // by name
};

// Why images of an exam are not delivered yet.
struct Unsettled {
  std::string destination;
  core::DeliveryState state = core::DeliveryState::waiting;
  std::string reason;
  std::uint64_t items = 0;
  unsigned attempts_most = 0;
  WallTime oldest{};
  std::optional<WallTime> not_before{};  // the next try of the first of them
};

class Lookup {
 public:
  Lookup(LedgerView& view, const Keyring& keys) : view_(view), keys_(keys), facts_(keys) {}
  // As LedgerView says.
  std::uint64_t failures() const { return view_.failures(); }

  // Exactly that UID, accession number, patient ID, file name or item id. Newest exam first, at most so many.
  std::vector<Match> find(std::string_view name, std::size_t matches_max);
  std::optional<Exam> exam(std::int64_t key);
  // Exams whose last image came then; the one that gained it last comes first.
  std::vector<Exam> received_between(WallTime from, WallTime to, std::size_t exams_max);
  std::vector<Unsettled> unsettled(std::int64_t exam);
  // Has another item its SOP Instance UID and other bytes? So it is also where the ledger does not answer.
  bool is_contested(const Uuid& item);
  // Study UIDs of images whose copy here does not verify, the newest first, at most so many.
  std::vector<std::string> quarantined(std::size_t exams_max);
  // Study UIDs of images on their way to it that are in this state, the newest first, at most so many; not of those whose copy here is damaged.
  std::vector<std::string> exams_in(const std::string& destination, core::DeliveryState state, std::size_t exams_max);
  // Every delivery of the exam, or of one item of it.
  ImagePages images(std::int64_t exam, const std::optional<Uuid>& item) { return {view_, exam, item}; }

 private:
  Exam read(Question& question, Statement& row);
  LedgerView& view_;
  const IndexKeys keys_;
  std::mutex facts_mutex_;
  FactsSeal facts_;
};

}  // namespace sampan::queue
