// SPDX-License-Identifier: Apache-2.0
#include "queue/image_pages.h"

#include "queue/ledger_schema.h"

namespace sampan::queue {
namespace {

using core::DeliveryState;

constexpr int last_state = static_cast<int>(ItemState::quarantined);  // what is there twice is no image of its own
constexpr std::string_view columns = "i.id, i.state, d.name, v.state, v.reason, v.level, i.seq ";
constexpr std::string_view deliveries = "JOIN delivery v ON v.seq=i.seq JOIN destination d ON d.number=v.destination ";

ImageDelivery read(Statement& row) {
  ImageDelivery one;
  copy_fixed(row.blob(0), one.item.bytes);
  const auto state = static_cast<ItemState>(row.number(1));
  one.payload = state == ItemState::living ? Payload::here : state == ItemState::reclaimed ? Payload::reclaimed : Payload::damaged;
  one.destination = row.text(2);
  const auto delivery = row.number(3);
  const bool arrived = row.number(5) > 0;
  one.state = delivery != delivery_closed ? static_cast<DeliveryState>(delivery)
              : arrived                   ? DeliveryState::delivered
                                          : DeliveryState::rejected;
  one.reason = delivery == delivery_closed && !arrived ? "the copy here was given up before it was sent" : row.text(4);
  return one;
}

}  // namespace

std::vector<ImageDelivery> ImagePages::next() {
  std::vector<ImageDelivery> found;
  Question question(view_);
  while (found.empty() && !done_) {
    if (item_)
      found = of_one(question);
    else if (study_order_ || next_order(question))
      found = page(question);
    good_ = question.good();
    done_ = done_ || !good_;
  }
  return good_ ? std::move(found) : std::vector<ImageDelivery>{};
}

std::vector<ImageDelivery> ImagePages::of_one(Question& question) {
  std::vector<ImageDelivery> all;
  Statement rows = question.ask("SELECT " + std::string(columns) + "FROM item i " + std::string(deliveries) +
                                "WHERE i.id=?1 AND i.study_key=?2 AND i.study_key<>0 AND i.state BETWEEN 1 AND 3");
  for (rows.bind(1, ByteView(item_->bytes)).bind(2, exam_); rows.step();) all.push_back(read(rows));
  done_ = true;
  return all;
}

// An index leads to each page. Items that have no delivery yet count as well, or a page of them would be the end.
std::vector<ImageDelivery> ImagePages::page(Question& question) {
  std::vector<ImageDelivery> all;
  std::optional<std::int64_t> last;
  Statement end = question.ask("SELECT max(seq) FROM (SELECT seq FROM item WHERE study_key=?1 AND study_key<>0 AND state=?2 AND "
                               "study_order=?3 AND seq>?4 ORDER BY seq LIMIT ?5)");
  end.bind(1, exam_).bind(2, state_).bind(3, *study_order_).bind(4, seq_);
  if (end.bind(5, static_cast<std::int64_t>(items_a_page)).step() && end.number(0) > seq_) last = end.number(0);
  if (!last) return study_order_.reset(), all;
  Statement rows = question.ask("SELECT " + std::string(columns) + "FROM item i " + std::string(deliveries) +
                                "WHERE i.study_key=?1 AND i.study_key<>0 AND i.state=?2 AND i.study_order=?3 AND i.seq>?4 AND i.seq<=?5 ORDER BY i.seq");
  for (rows.bind(1, exam_).bind(2, state_).bind(3, *study_order_).bind(4, seq_).bind(5, *last); rows.step();) all.push_back(read(rows));
  seq_ = *last;
  return all;
}

bool ImagePages::next_order(Question& question) {
  static_assert(static_cast<int>(ItemState::living) == 1 && static_cast<int>(ItemState::reclaimed) == 2 && last_state == 3);
  for (; state_ <= last_state; ++state_, read_to_ = before_all) {
    Statement rows = question.ask("SELECT min(study_order) IS NOT NULL, min(study_order) FROM item WHERE study_key=?1 AND study_key<>0 AND "
                                  "state=?2 AND study_order>?3");
    rows.bind(1, exam_).bind(2, state_).bind(3, read_to_);
    if (!rows.step() || rows.number(0) == 0) continue;
    study_order_ = read_to_ = rows.number(1);
    seq_ = 0;
    return true;
  }
  done_ = true;
  return false;
}

}  // namespace sampan::queue
