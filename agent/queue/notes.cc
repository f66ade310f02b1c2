// SPDX-License-Identifier: Apache-2.0
#include "queue/notes.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <utility>

namespace sampan::queue {
namespace {

constexpr std::uint16_t origin_number = 0x8001, kind_number = 0x8002, priority_number = 0x8003, received_number = 0x8004,
                        owed_number = 0x8005;
constexpr std::uint8_t goes_on_why = 4;  // of a tombstone: the one before it, and its place
constexpr std::uint8_t owed_state = 5, released_state = 6;  // of a verdict: a duty, and its end
constexpr std::string_view kept_word = "kept";
constexpr std::uint8_t seen_order = 5;

template <class T>
void put(Bytes& out, T value) {
  const auto at = out.size();
  out.resize(at + sizeof value);
  store_le(&out[at], value);
}
void put_raw(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }
void put_text(Bytes& out, std::string_view text) {
  text = text.substr(0, 0xffff);
  put(out, static_cast<std::uint16_t>(text.size()));
  put_raw(out, as_bytes(text));
}

// Reads until the bytes run out; then every read gives zeros and ok() is false.
class Reader {
 public:
  explicit Reader(ByteView bytes) : left_(bytes) {}
  bool ok() const { return ok_; }
  bool empty() const { return left_.empty(); }
  template <class T>
  T take() {
    const ByteView raw = take_raw(sizeof(T));
    return raw.empty() ? T{} : load_le<T>(raw.data());
  }
  ByteView take_raw(std::size_t size) {
    if (size > left_.size()) return ok_ = false, left_ = {}, ByteView{};
    const ByteView raw = left_.first(size);
    left_ = left_.subspan(size);
    return raw;
  }
  template <std::size_t N>
  void take_array(std::array<std::uint8_t, N>& into) {
    if (const ByteView raw = take_raw(N); !raw.empty()) std::memcpy(into.data(), raw.data(), N);
  }
  std::string take_text() { return std::string(as_text(take_raw(take<std::uint16_t>()))); }

 private:
  ByteView left_;
  bool ok_ = true;
};

Note read_receipt(Reader& in) {
  ReceiptNote note;
  in.take_array(note.receipt.item.bytes);
  in.take_array(note.receipt.sha256);
  note.receipt.level = in.take<std::uint8_t>() == 2 ? core::Level::archived : core::Level::accepted;
  note.receipt.time.ms = in.take<std::int64_t>();
  note.destination = in.take_text();
  note.receipt.node = in.take_text();
  return note;
}

Note read_tombstone(Reader& in) {
  TombstoneNote note;
  in.take_array(note.item.bytes);
  in.take_array(note.sha256);
  note.sop_key = in.take<std::int64_t>();
  const auto why = in.take<std::uint8_t>();
  if (why == goes_on_why) note.place = std::exchange(note.sop_key, 0);
  note.why = why == 2 ? TombstoneReason::duplicate : why == 3 ? TombstoneReason::shed : TombstoneReason::reclaimed;
  note.time.ms = in.take<std::int64_t>();
  return note;
}

std::optional<core::Priority> priority_of(std::string_view word) {
  for (const auto one : {core::Priority::emergency, core::Priority::referral, core::Priority::routine, core::Priority::bulk})
    if (core::to_string(one) == word) return one;
  return {};
}

Note read_verdict(Reader& in) {
  VerdictNote note;
  in.take_array(note.item.bytes);
  const auto state = in.take<std::uint8_t>();
  note.state = state == 4   ? core::DeliveryState::rejected
               : state == 2 ? core::DeliveryState::on_hold
                            : core::DeliveryState::waiting;
  note.time.ms = in.take<std::int64_t>();
  note.destination = in.take_text();
  note.reason = in.take_text();
  if (state == owed_state) return DutyNote{note.item, note.time, lines_of(note.destination), priority_of(note.reason)};
  if (state == released_state) return ReleaseNote{note.item, note.time, note.destination, note.reason == kept_word};
  return note;
}

SeenNote seen_of(const OrderNote& order) {
  SeenNote note{0, 0, 0, order.time};
  const int read = std::sscanf(order.destination.c_str(), "%" SCNu64 " %" SCNu64 " %" SCNu64, &note.segment, &note.offset, &note.bytes);
  return read == 3 ? note : SeenNote{};
}

Note read_order(Reader& in) {
  OrderNote note;
  const auto what = in.take<std::uint8_t>();
  note.what = static_cast<OrderNote::What>(what);
  note.priority = static_cast<core::Priority>(std::min<std::uint8_t>(in.take<std::uint8_t>(), 3));
  note.time.ms = in.take<std::int64_t>();
  note.exam = in.take_text();
  note.destination = in.take_text();
  if (what == seen_order) return seen_of(note);
  return note;
}

std::vector<core::InstanceReference> read_instances(Reader& in) {
  std::vector<core::InstanceReference> instances;
  for (auto count = in.take<std::uint16_t>(); count > 0 && in.ok(); --count) {
    core::InstanceReference instance{in.take_text(), {}};
    instance.sop_instance_uid = in.take_text();
    instances.push_back(std::move(instance));
  }
  return instances;
}

void put_instances(Bytes& out, const std::vector<core::InstanceReference>& instances) {
  put(out, static_cast<std::uint16_t>(instances.size()));
  for (const auto& instance : instances) {
    put_text(out, instance.sop_class_uid);
    put_text(out, instance.sop_instance_uid);
  }
}

Note read_promise(Reader& in) {
  PromiseNote note;
  note.what = static_cast<PromiseNote::What>(in.take<std::uint8_t>());
  note.time.ms = in.take<std::int64_t>();
  note.transaction_uid = in.take_text();
  if (note.what == PromiseNote::What::instances) note.instances = read_instances(in);
  if (note.what != PromiseNote::What::asked) return note;
  note.calling_ae = in.take_text();
  note.called_ae = in.take_text();
  note.peer_address = in.take_text();
  note.instances_in_all = in.take<std::uint32_t>();
  return note;
}

Note read_note(Type type, Reader& in) {
  switch (type) {
    case Type::receipts: return read_receipt(in);
    case Type::tombstones: return read_tombstone(in);
    case Type::orders: return read_order(in);
    case Type::promises: return read_promise(in);
    default: return read_verdict(in);
  }
}

struct Encoder {
  Bytes& out;
  void operator()(const ReceiptNote& note) const {
    put_raw(out, note.receipt.item.bytes);
    put_raw(out, note.receipt.sha256);
    put(out, static_cast<std::uint8_t>(note.receipt.level));
    put(out, note.receipt.time.ms);
    put_text(out, note.destination);
    put_text(out, note.receipt.node);
  }
  void operator()(const TombstoneNote& note) const {
    put_raw(out, note.item.bytes);
    put_raw(out, note.sha256);
    put(out, note.sop_key);
    put(out, static_cast<std::uint8_t>(note.why));
    put(out, note.time.ms);
    if (note.place == 0) return;
    put_raw(out, note.item.bytes);
    put_raw(out, note.sha256);
    put(out, note.place);
    put(out, goes_on_why);
    put(out, note.time.ms);
  }
  void operator()(const VerdictNote& note) const {
    put_raw(out, note.item.bytes);
    put(out, static_cast<std::uint8_t>(note.state));
    put(out, note.time.ms);
    put_text(out, note.destination);
    put_text(out, note.reason);
  }
  void operator()(const OrderNote& note) const {
    put(out, static_cast<std::uint8_t>(note.what));
    put(out, static_cast<std::uint8_t>(note.priority));
    put(out, note.time.ms);
    put_text(out, note.exam);
    put_text(out, note.destination);
  }
  // As an order of no exam, which an earlier version passes over.
  void operator()(const SeenNote& note) const {
    put(out, seen_order);
    put(out, std::uint8_t{0});
    put(out, note.time.ms);
    put_text(out, "");
    put_text(out, std::to_string(note.segment) + " " + std::to_string(note.offset) + " " + std::to_string(note.bytes));
  }
  void operator()(const ReleaseNote& note) const {
    put_raw(out, note.item.bytes);
    put(out, released_state);
    put(out, note.time.ms);
    put_text(out, note.destination);
    put_text(out, note.kept ? kept_word : "");
  }
  void operator()(const DutyNote& note) const {
    put_raw(out, note.item.bytes);
    put(out, owed_state);
    put(out, note.time.ms);
    put_text(out, text_of(note.destinations));
    put_text(out, note.priority ? core::to_string(*note.priority) : "");
  }
  void operator()(const PromiseNote& note) const {
    put(out, static_cast<std::uint8_t>(note.what));
    put(out, note.time.ms);
    put_text(out, note.transaction_uid);
    if (note.what == PromiseNote::What::instances) put_instances(out, note.instances);
    if (note.what != PromiseNote::What::asked) return;
    put_text(out, note.calling_ae);
    put_text(out, note.called_ae);
    put_text(out, note.peer_address);
    put(out, note.instances_in_all);
  }
};

void put_fact(Bytes& out, std::uint16_t number, ByteView value) {
  put(out, number);
  put(out, static_cast<std::uint32_t>(value.size()));
  put_raw(out, value);
}

}  // namespace

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t end = 0; !text.empty(); text.remove_prefix(std::min(end + 1, text.size()))) {
    end = std::min(text.find('\n'), text.size());
    if (end > 0) lines.emplace_back(text.substr(0, end));
  }
  return lines;
}

std::string text_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

Type type_of(const Note& note) {
  static constexpr Type types[] = {Type::receipts, Type::tombstones, Type::verdicts, Type::orders,
                                   Type::verdicts, Type::promises,   Type::verdicts, Type::orders};
  return types[note.index()];
}

Uuid item_of(const Note& note) {
  return std::visit(
      [](const auto& n) {
        if constexpr (requires { n.item; })
          return n.item;
        else if constexpr (requires { n.receipt; })
          return n.receipt.item;
        else
          return Uuid{};
      },
      note);
}

void encode(const Note& note, Bytes& out) { std::visit(Encoder{out}, note); }

// True when it only goes on with the last one.
static bool goes_on(const Note& note, std::vector<Note>& notes) {
  const auto* stone = std::get_if<TombstoneNote>(&note);
  if (stone == nullptr || stone->place == 0) return false;
  auto* last = notes.empty() ? nullptr : std::get_if<TombstoneNote>(&notes.back());
  if (last != nullptr && last->item == stone->item && last->sha256 == stone->sha256) last->place = stone->place;
  return true;
}

std::vector<Note> decode_notes(Type type, ByteView payload) {
  std::vector<Note> notes;
  Reader in(payload);
  while (!in.empty()) {
    Note note = read_note(type, in);
    if (!in.ok()) break;
    if (!goes_on(note, notes)) notes.push_back(std::move(note));
  }
  return notes;
}

void encode(const std::vector<core::InstanceReference>& instances, Bytes& out) { put_instances(out, instances); }

std::vector<core::InstanceReference> decode_instances(ByteView bytes) {
  Reader in(bytes);
  return read_instances(in);
}

std::string exam_name(const core::Item& item) {
  if (core::traits(item.kind).before_images) return {};
  const std::string_view study = item.facts.get(core::Fact::study_instance_uid);
  return study.empty() ? "item " + to_string(item.id) : std::string(study);
}

Bytes encode_facts(const core::Item& item, const Owed& owed) {
  Bytes out;
  std::uint8_t received[8];
  store_le(received, item.received.ms);
  const auto kind = static_cast<std::uint8_t>(item.kind), priority = static_cast<std::uint8_t>(item.priority);
  put_fact(out, origin_number, as_bytes(item.origin));
  put_fact(out, kind_number, {&kind, 1});
  put_fact(out, priority_number, {&priority, 1});
  put_fact(out, received_number, received);
  if (owed) put_fact(out, owed_number, as_bytes(text_of(*owed)));
  for (const auto& [fact, value] : item.facts.all()) put_fact(out, static_cast<std::uint16_t>(fact), as_bytes(value));
  return out;
}

Owed decode_facts(ByteView bytes, core::Item& item) {
  Owed owed;
  Reader in(bytes);
  while (!in.empty()) {
    const auto number = in.take<std::uint16_t>();
    const ByteView value = in.take_raw(in.take<std::uint32_t>());
    if (!in.ok()) break;
    if (number == origin_number)
      item.origin = as_text(value);
    else if (number == kind_number && value.size() == 1 && value[0] >= 1 && value[0] <= core::cargo_table.size())
      item.kind = static_cast<core::Kind>(value[0]);
    else if (number == priority_number && value.size() == 1 && value[0] <= 3)
      item.priority = static_cast<core::Priority>(value[0]);
    else if (number == received_number && value.size() == 8)
      item.received.ms = load_le<std::int64_t>(value.data());
    else if (number == owed_number)
      owed = lines_of(as_text(value));
    else if (number < 0x8000)
      item.facts.set(static_cast<core::Fact>(number), std::string(as_text(value)));
  }
  return owed;
}

}  // namespace sampan::queue
