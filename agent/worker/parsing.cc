// SPDX-License-Identifier: Apache-2.0
#include "worker/parsing.h"

#include <algorithm>
#include <array>

#include "base/crash_point.h"
#include "core/limits.h"
#include "dicom/canonical.h"

namespace sampan::worker {
namespace {

constexpr std::uint8_t digest_verb = 1;

Result<Bytes> digest(std::string_view transfer_syntax_uid, core::Payload& data_set) {
  crash_point("worker.digest");
  const auto found = dicom::canonical_digest(transfer_syntax_uid, data_set);
  if (!found) return found.error();
  return Bytes(found->begin(), found->end());
}

}  // namespace

Result<Digest> canonical_digest(Worker& worker, std::string_view transfer_syntax_uid, core::Payload& data_set) {
  const auto answer = worker.ask(digest_verb, transfer_syntax_uid, data_set);
  if (!answer) return answer.error();
  Digest found{};
  if (answer->size() != found.size()) return fail(Errc::invalid, "no digest came back");
  std::copy(answer->begin(), answer->end(), found.begin());
  return found;
}

std::span<const Verb> parsing_verbs() {
  static const std::array verbs{Verb{digest_verb, digest}};
  return verbs;
}

int serve_parsing() {
  return serve(parsing_verbs(), {core::limits::worker_memory_bytes_max, core::limits::worker_processor_seconds_max});
}

}  // namespace sampan::worker
