// SPDX-License-Identifier: Apache-2.0
#include "worker/parsing.h"

#include <algorithm>
#include <array>

#include "base/crash_point.h"
#include "core/limits.h"
#include "dicom/canonical.h"
#include "dicom/dictionary.h"
#include "dicom/text.h"

namespace sampan::worker {
namespace {

constexpr std::uint8_t digest_verb = 1, transform_verb = 2;

Result<Bytes> digest(std::string_view transfer_syntax_uid, core::Payload& data_set) {
  crash_point("worker.digest");
  const auto found = dicom::canonical_digest(transfer_syntax_uid, data_set);
  if (!found) return found.error();
  return Bytes(found->begin(), found->end());
}

Result<Bytes> edits(std::string_view argument, core::Payload& data_set) {
  const auto order = decode_order(as_bytes(argument));
  if (!order) return fail(Errc::invalid, "no change that is known");
  crash_point("worker.transform", order->note.source);
  const auto found = dicom::transform(order->transfer_syntax_uid, data_set, order->wanted, order->note);
  if (!found) return found.error();
  return encode(*found);
}

void read_the_library() { static_cast<void>(sha256({})); }

void read_texts_and_dictionary() {
  dicom::keep_text_ready();
  static_cast<void>(dicom::has_dictionary());
}

}  // namespace

Result<Digest> canonical_digest(Worker& worker, std::string_view transfer_syntax_uid, core::Payload& data_set) {
  Digest found{};
  const auto answer = worker.ask(digest_verb, transfer_syntax_uid, data_set, found.size(), Worker::From::fresh);
  if (!answer) return answer.error();
  if (answer->size() != found.size()) return fail(Errc::invalid, "no digest came back");
  std::copy(answer->begin(), answer->end(), found.begin());
  return found;
}

Result<std::shared_ptr<core::Payload>> transform(Worker& worker, const ChangeOrder& order, std::shared_ptr<core::Payload> original) {
  if (order.wanted.empty()) return original;
  const Bytes argument = encode(order);
  const auto answer = worker.ask(transform_verb, as_text(argument), original->here(), edits_bytes_max);
  if (!answer) return answer.error();
  auto found = decode_edits(*answer);
  if (found && found->empty()) return original;
  auto changed = found ? dicom::splice(std::move(original), std::move(*found)) : nullptr;
  if (!changed) return fail(Errc::limit, "what came back is no change of it");
  return changed;
}

std::span<const Verb> parsing_verbs() {
  static const std::array verbs{Verb{digest_verb, digest, read_the_library}, Verb{transform_verb, edits, read_texts_and_dictionary}};
  return verbs;
}

int serve_parsing() {
  return serve(parsing_verbs(), {core::limits::worker_memory_bytes_max, core::limits::worker_processor_seconds_max});
}

}  // namespace sampan::worker
