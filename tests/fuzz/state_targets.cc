// SPDX-License-Identifier: Apache-2.0
// Files beside the spool that somebody may have changed, what a person types, and what the worker and the daemon say to each other.
#include "fuzz/target.h"
#include "queue/key_text.h"
#include "queue/recovery_key.h"
#include "telemetry/event.h"
#include "telemetry/journal.h"
#include "worker/packets.h"
#include "worker/parsing.h"

namespace sampan::fuzz {

FUZZ_TARGET(keyring) {
  const auto text = as_text(input);
  if (const auto ring = queue::KeyText::parse(text)) expect(ring->whole() == text, "a keyring that is believed is written as it was read");
  static_cast<void>(queue::parse_local_key(text));
  static_cast<void>(queue::parse_old_keys(text));
  static_cast<void>(queue::read_recovery_key(text));
}

FUZZ_TARGET(journal) {
  OneFile files("/events.log", input);
  telemetry::Journal journal(files, "/state", 1 << 20);
  const auto past = journal.open();
  for (const auto& [event, line] : past.unsent) expect(event.seq > 0 && event.series == past.series, "what is offered again has its number");
  expect(journal.lines({}, 10).size() <= 10, "no more lines than were asked for");
  static_cast<void>(telemetry::read_event(as_text(input)));
}

FUZZ_TARGET(packets) {
  Feed feed(input);
  if (const auto request = worker::decode_request(input)) {
    const Bytes again = worker::encode(*request);
    expect(std::equal(again.begin(), again.end(), input.begin(), input.end()), "a request that was read is written the same");
    for (const worker::Verb& verb : worker::parsing_verbs()) {
      Held payload(as_bytes(request->argument));
      static_cast<void>(verb.run(request->argument, payload));
    }
  }
  if (const auto reply = worker::decode_reply(input)) {
    const Bytes again = worker::encode(*reply);
    expect(std::equal(again.begin(), again.end(), input.begin(), input.end()), "a reply that was read is written the same");
  }
}

}  // namespace sampan::fuzz
