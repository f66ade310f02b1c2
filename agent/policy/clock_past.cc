// SPDX-License-Identifier: Apache-2.0
#include "policy/clock_past.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "core/limits.h"

namespace sampan::policy {
namespace {

constexpr std::string_view first_line = "sampan-clock 1";
constexpr WallTime first_year{1'767'225'600'000};  // 2026: before that, no clock was right under this program

bool is_small(Millis by) { return std::abs(by.count()) < Millis(core::limits::clock_step_critical).count(); }
WallTime operator+(WallTime time, Millis by) { return {time.ms + by.count()}; }

}  // namespace

void ClockPast::start(WallTime now) {
  const Millis by(now.ms - seen_.ms);
  if (seen_.ms != 0 && by.count() < 0 && !is_small(by)) return end(seen_, by, now, true);
  // It was wrong until it stopped, and nobody knows by how much: the machine was off for some of it.
  if (seen_.ms != 0 && seen_ < first_year && now >= first_year) return end(WallTime{first_year.ms - 1}, by, now, false);
  if (seen_.ms != 0 && now.ms - seen_.ms > began_.ms - before_.ms) before_ = seen_, began_ = now;
  seen_ = now;
}

void ClockPast::set(WallTime said, Millis by) {
  if (!ends_gap(said, by)) end(said, by, said + by, false);
}

bool ClockPast::ends_gap(WallTime said, Millis by) {
  const WallTime now = said + by;
  if (by >= Millis(0) || now < before_ || now >= began_) return false;
  for (Stretch& one : stretches_)
    if (one.since >= began_) one.by += by;
  stretches_.push_back({began_, std::max(began_, since_), said, by, false});
  since_ = seen_ = now;
  before_ = began_ = {};
  tidy();
  return true;
}

void ClockPast::end(WallTime said, Millis by, WallTime now, bool unsure) {
  for (Stretch& one : stretches_) one.by += by;
  stretches_.push_back({from_, since_, said, by, unsure});
  from_ = since_ = seen_ = now;
  before_ = began_ = {};
  // Where the clock is ahead of it again, it was the start that was wrong: what is left is the time the machine was off.
  const auto right = std::find_if(stretches_.rbegin(), stretches_.rend(), [](const Stretch& one) { return one.unsure && one.by >= Millis(0); });
  if (right != stretches_.rend()) {
    const Millis off = right->by;
    for (auto one = right; one != stretches_.rend(); ++one) one->by -= off;
  }
  tidy();
}

void ClockPast::tidy() {
  std::erase_if(stretches_, [this](const Stretch& one) {
    if (is_small(one.by)) from_ = std::min(from_, one.from);
    return is_small(one.by);
  });
  if (stretches_.size() > core::limits::clock_stretches_max) stretches_.erase(stretches_.begin());
}

WallTime ClockPast::by_now(WallTime stored, Millis within) const {
  constexpr Millis soon = std::chrono::hours(1);
  const WallTime last = stored + within;
  if (stretches_.empty() || (last >= since_ && stored <= seen_ + soon)) return stored;
  for (const auto first : {&Stretch::since, &Stretch::from})  // what lies in between was stored while it was wrong
    for (auto one = stretches_.rbegin(); one != stretches_.rend(); ++one)
      if ((*one).*first <= last && stored <= one->to) return stored + one->by;
  return stored;
}

std::vector<ClockPast::Range> ClockPast::stored_as(WallTime from, WallTime to) const {
  std::vector<Range> ranges{{from, to}};
  for (const Stretch& one : stretches_) {
    const WallTime begin = std::max(one.from, from + -one.by), end = std::min(one.to, to + -one.by);
    if (begin <= end) ranges.emplace_back(begin, end);
  }
  return ranges;
}

std::string ClockPast::text() const {
  std::ostringstream out;
  out << first_line << "\nnow " << from_.ms << ' ' << since_.ms << ' ' << seen_.ms << "\ngap " << before_.ms << ' ' << began_.ms << " 0 0\n";
  for (const Stretch& one : stretches_)
    out << (one.unsure ? "unsure " : "off ") << one.from.ms << ' ' << one.since.ms << ' ' << one.to.ms << ' ' << one.by.count() << '\n';
  return out.str();
}

ClockPast ClockPast::read(std::string_view text) {
  std::istringstream lines{std::string(text)};
  std::string line;
  if (!std::getline(lines, line) || line != first_line) return {};
  ClockPast past;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string word;
    std::int64_t one = 0, two = 0, three = 0, by = 0;
    if (!(words >> word >> one >> two >> three) || (word != "now" && !(words >> by))) return {};
    // Ten thousand years either way: sums of such numbers are numbers.
    constexpr std::int64_t most = 315'569'520'000'000;
    for (const std::int64_t number : {one, two, three, by})
      if (number > most || number < -most) return {};
    if (word == "now") past.from_ = {one}, past.since_ = {two}, past.seen_ = {three};
    if (word == "gap") past.before_ = {one}, past.began_ = {two};
    if ((word == "off" || word == "unsure") && past.stretches_.size() < core::limits::clock_stretches_max)
      past.stretches_.push_back({{one}, {two}, {three}, Millis(by), word == "unsure"});
  }
  return past;
}

}  // namespace sampan::policy
