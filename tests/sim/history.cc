// SPDX-License-Identifier: Apache-2.0
#include "sim/history.h"

#include <algorithm>
#include <array>

#include "core/limits.h"
#include "queue/unproven.h"
#include "sim/sqlite_disk.h"

namespace sampan::sim {
namespace {

// From the end of all faults until nothing waits: the longest back-off and the probe of a destination that was stopped, each
// at both hops, what the lead lost (asked several times), and doubtful answers that are tried several times.
constexpr std::int64_t drain_time = 12 * hour;
constexpr std::int64_t drain_time_of_windows = 10 * day;  // the same, in two hours of each
constexpr std::uint64_t events_max = 3'000'000;

// Of dice of their own: a history that has none goes as it did before there were any.
std::vector<settings::Window> draw_windows(const std::string& site, const World& world) {
  Dice dice(world.seed * 7 + site.size());
  std::vector<settings::Window> windows;
  if (!dice.chance(300)) return windows;
  for (std::int64_t count = dice.between(1, 2); count > 0; --count) {
    const auto from = static_cast<unsigned>(dice.between(0, 1439)), lasts = static_cast<unsigned>(dice.between(120, 600));
    windows.push_back({{{from, (from + lasts) % 1440}}});
  }
  if (dice.chance(200)) windows.insert(windows.begin(), settings::Window{{{windows[0].hours[0].from, (windows[0].hours[0].from + 60) % 1440}}, {}, true});
  return windows;
}

settings::Settings settings_of(const std::string& site, const std::string& to, World& world) {
  settings::Settings settings;
  settings.site = site;
  settings.state_directory = "/" + site + "/state";
  settings.intake.enabled = false;
  settings::Destination destination;
  destination.name = to;
  destination.dimse = settings::DimseAddress{"LEAD", "lead.example", 104};  // named, never dialled
  destination.lanes = static_cast<unsigned>(world.dice.between(1, 4));
  destination.retention_days = world.dice.chance(700) ? 0 : 1;
  destination.windows = draw_windows(site, world);
  settings.destinations.push_back(destination);
  return settings;
}

// An address of the clinic of which images go to a second destination as well.
settings::Settings with_another_address(settings::Settings settings) {
  settings::Destination second;
  second.name = beside;
  second.dimse = settings::DimseAddress{"BESIDE", "beside.example", 104};
  second.lanes = 1;
  second.retention_days = 0;
  settings.destinations.push_back(second);
  settings::RouteRule to_second, to_all;
  to_second.when.called_ae = {"BOTH"};
  to_second.to = {second.name};
  to_all.to = {settings.destinations[0].name};
  settings.routes = {to_second, to_all};
  return settings;
}

std::uint64_t disk_bytes(World& world) {
  return world.dice.chance(250) ? static_cast<std::uint64_t>(world.dice.between(4 << 20, 12 << 20)) : 1ull << 40;
}

}  // namespace

History::History(std::uint64_t seed, bool traces)
    : world_(seed, traces),
      repeats_(seed * 11 + 3),
      to_hub_(world_, "clinic-hub"),
      to_lead_(world_, "hub-lead"),
      lead_(world_, images_),
      clinic_way_(world_, to_hub_, lead_),
      hub_way_(world_, to_lead_, lead_) {
  reset_sqlite_disk([this] { return world_.dice.next(); }, [this] { return world_.now() + 1'800'000'000'000; });
  settings::Settings of_clinic = settings_of("clinic", "hub", world_);
  if (repeats_.chance(400)) of_clinic = with_another_address(std::move(of_clinic));
  clinic_ = std::make_unique<Site>(world_, std::move(of_clinic), clinic_way_, disk_bytes(world_));
  hub_ = std::make_unique<Site>(world_, settings_of("hub", "lead", world_), hub_way_, disk_bytes(world_));
  clinic_way_.connect(*clinic_, *hub_);
  hub_way_.connect(*hub_);
  length_ = world_.dice.between(1 * hour, 10 * hour);
}

void History::plan_exams() {
  for (std::int64_t exams = world_.dice.between(2, 10); exams > 0; --exams) {
    const std::string study = "1.2.826.0.1.3680043.10." + std::to_string(world_.seed) + "." + std::to_string(exams);
    const auto priority = world_.dice.chance(150) ? core::Priority::emergency : static_cast<core::Priority>(world_.dice.between(1, 3));
    const auto images = static_cast<unsigned>(world_.dice.chance(100) ? world_.dice.between(20, 60) : world_.dice.between(1, 8));
    world_.at(world_.dice.between(0, length_), [this, study, images, priority] { exam(study, images, priority); });
  }
}

void History::exam(const std::string& study, unsigned images, core::Priority priority) {
  static constexpr std::array classes{"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.4"};
  std::vector<Image*> made;
  for (unsigned n = 1; n <= images; ++n) {
    Image image;
    image.study = study;
    image.sop_instance = study + ".1." + std::to_string(n);
    image.sop_class = classes[world_.dice.next() % classes.size()];
    image.priority = priority;
    image.size = static_cast<std::size_t>(world_.dice.chance(10) ? world_.dice.between(1 << 20, 3 << 19) : world_.dice.between(1, 40'000));
    made.push_back(&images_.add(image));
    if (!world_.dice.chance(10)) continue;
    ++conflicts_;
    image.second = true;
    made.push_back(&images_.add(image));
  }
  send(std::move(made));
}

// One association; what it did not bring over is tried in another one.
void History::send(std::vector<Image*> unsent, bool to_both) {
  while (!unsent.empty()) {
    if (!clinic_->up() || !send_one(*unsent.front(), to_both)) {
      ++refused_;
      return world_.in(world_.dice.between(20 * second, 15 * minute), [this, unsent, to_both] { send(unsent, to_both); });
    }
    Image* sent = unsent.front();
    unsent.erase(unsent.begin());
    if (world_.dice.chance(20)) world_.in(world_.dice.between(second, hour), [this, sent] { send({sent}); });  // once more
    if (!to_both) send_again(*sent);
  }
}

// To the address with two destinations: at once, while it waits, or when it has gone.
void History::send_again(Image& image) {
  if (clinic_->settings().destinations.size() < 2 || !repeats_.chance(300)) return;
  world_.in(repeats_.chance(400) ? repeats_.between(1, second) : repeats_.between(second, 3 * hour), [this, &image] { send({&image}, true); });
}

bool History::send_one(Image& image, bool to_both) {
  Site& site = *clinic_;
  const auto over = [&](bool answer) {
    site.touched();
    return answer;
  };
  world_.pass(world_.dice.between(1, 300));
  if (!site.queue().admits(core::Kind::image)) return over(false);
  const auto priority = to_both && repeats_.chance(500) ? core::Priority::emergency : image.priority;
  auto inflow = site.queue().open({core::Kind::image, priority, {}, {}, 0});
  if (!inflow) return over(false);
  const Bytes bytes = image.bytes();
  for (std::size_t at = 0; at < bytes.size(); at += 50'000) {
    if (!world_.healed && world_.dice.chance(3)) return over(false);  // the modality aborts
    const ByteView part = ByteView(bytes).subspan(at, std::min<std::size_t>(50'000, bytes.size() - at));
    if (Status kept = (*inflow)->append(part); !kept) return over(false);
  }
  core::Facts facts = image.facts();
  if (to_both) facts.set(core::Fact::called_ae, "BOTH");
  const auto stored = (*inflow)->commit(facts);
  const bool heard = stored.ok() && !site.disk().dead() && (world_.healed || !world_.dice.chance(10));
  world_.trace("clinic: " + std::string(heard ? "took " : "answered nothing about ") + image.sop_instance + (stored && stored->repeated ? " again" : ""));
  image.beside = image.beside || (heard && to_both);
  if (heard && !std::exchange(image.acknowledged, true)) {
    ++acknowledged_;
    site.taken.insert(content_of(image));
  }
  return over(heard);
}

void History::plan_line(Line& line) {
  const std::int64_t kind = world_.dice.between(0, 4);
  line.latency_ms = std::array<std::int64_t, 4>{1, 20, 120, 700}[static_cast<std::size_t>(world_.dice.between(0, 3))];
  line.bytes_per_s = std::array<std::int64_t, 3>{30'000, 500'000, 10'000'000}[static_cast<std::size_t>(world_.dice.between(0, 2))];
  line.cuts_in_1000 = static_cast<unsigned>(world_.dice.between(0, kind == 0 ? 0 : 30));
  for (std::int64_t outages = kind * world_.dice.between(0, 6); outages > 0; --outages) {
    const std::int64_t from = world_.dice.between(0, length_);
    const std::int64_t lasts = world_.dice.chance(200) ? world_.dice.between(hour, 4 * hour) : world_.dice.between(second, 10 * minute);
    world_.at(from, [&line] { line.set_up(false); });
    world_.at(from + lasts, [&line] { line.set_up(true); });
  }
}

void History::plan_ends(Site& site) {
  for (std::int64_t ends = world_.dice.between(0, 6); ends > 0; --ends) {
    const auto how = world_.dice.chance(600) ? Site::End::power : world_.dice.chance(600) ? Site::End::process : Site::End::orderly;
    const std::int64_t down = world_.dice.between(second, 20 * minute);
    // Most hit the disk in the middle of its work.
    const bool at_work = how != Site::End::orderly && world_.dice.chance(800);
    const auto nth = static_cast<std::uint64_t>(world_.dice.between(1, 300));
    const bool loses_ledger = world_.dice.chance(250);
    world_.at(world_.dice.between(0, length_), [this, &site, how, down, at_work, nth, loses_ledger] {
      if (!site.up() || world_.healed) return;
      if (at_work) return site.end_at_operation(how, nth, down);
      site.end(how, down);
      if (loses_ledger) world_.in(down - 1, [&site] { site.lose_ledger(); });
    });
  }
}

// Bad minutes of a disk, and a clock that somebody sets.
void History::plan_disk(Site& site) {
  for (std::int64_t spells = world_.dice.chance(500) ? world_.dice.between(1, 4) : 0; spells > 0; --spells) {
    SimulatedDisk::Faults faults;
    const auto often = [this] { return world_.dice.chance(400) ? static_cast<unsigned>(world_.dice.between(1, 300)) : 0u; };
    faults = {often(), often(), often(), often()};
    const std::int64_t from = world_.dice.between(0, length_);
    world_.at(from, [this, &site, faults] {
      if (!world_.healed) site.disk().fail(faults), world_.trace(site.name() + ": the disk begins to fail");
    });
    world_.at(from + world_.dice.between(second, 10 * minute), [&site] { site.disk().fail({}); });
  }
  for (std::int64_t jumps = world_.dice.chance(300) ? world_.dice.between(1, 3) : 0; jumps > 0; --jumps) {
    const std::int64_t by = world_.dice.between(-10 * 365 * day, 10 * 365 * day);
    world_.at(world_.dice.between(0, length_), [this, &site, by] {
      world_.trace(site.name() + ": the clock jumps");
      site.jump_clock(by);
    });
  }
}

void History::plan_moods() {
  lead_.poison_in_1000 = world_.dice.chance(300) ? 30 : 0;
  for (std::int64_t moods = world_.dice.between(0, 6); moods > 0; --moods) {
    const auto mood = static_cast<Lead::Mood>(world_.dice.between(1, 4));
    const std::int64_t from = world_.dice.between(0, length_);
    world_.at(from, [this, mood] {
      if (world_.healed) return;
      lead_.mood = mood;
      lead_.refused_class = "1.2.840.10008.5.1.4.1.1.4";
      world_.trace("lead: mood " + std::to_string(static_cast<int>(mood)));
    });
    world_.at(from + world_.dice.between(minute, 4 * hour), [this] { lead_.mood = Lead::Mood::well; });
  }
  for (std::int64_t losses = world_.dice.between(0, 3); losses > 0; --losses)
    world_.at(world_.dice.between(0, length_), [this] { lead_.lose_one(); });
}

void History::plan_faults() {
  if (world_.dice.chance(50)) return;  // a good day has to end well, too
  plan_line(to_hub_);
  plan_line(to_lead_);
  for (Site* site : {clinic_.get(), hub_.get()}) {
    plan_ends(*site);
    plan_disk(*site);
  }
  plan_moods();
}

void History::plan_audits() {
  for (std::int64_t audits = world_.dice.between(1, 8); audits > 0; --audits)
    world_.at(world_.dice.between(0, length_), [this] { check_custody(); });
}

void History::audit(Site& site) {
  if (!site.up() || site.disk().dead() || site.started_badly()) return;
  const std::uint64_t failures = site.disk().failures();
  const auto holdings = site.holdings(images_);
  if (site.disk().dead() || site.disk().failures() != failures || site.is_behind()) return site.touched();
  site.audit(holdings);
  std::map<std::string, std::uint64_t> owed, committed, reclaimed, here;
  for (const auto& content : site.taken) ++(lead_.committed(content) ? committed : owed)[content.first];
  for (const Image& image : images_.all)
    if (lead_.committed(content_of(image)) && !site.taken.contains(content_of(image))) ++committed[image.sop_instance];
  for (const auto& [name, one] : holdings)
    if (one.destination != beside) ++(one.payload == queue::Payload::reclaimed ? reclaimed : here)[name];
  for (const auto& [name, count] : owed)
    if (here[name] < count) world_.broken(site.name() + ": " + name + " was acknowledged and is not here any more, nor archived");
  for (const auto& [name, count] : reclaimed)
    if (count > committed[name]) world_.broken(site.name() + ": " + name + " was reclaimed and is not archived");
  site.touched();
}

void History::check_custody() {
  audit(*clinic_);
  audit(*hub_);
}

void History::heal() {
  world_.healed = true;
  world_.trace("---- no more faults");
  for (Line* line : {&to_hub_, &to_lead_}) line->set_up(true), line->cuts_in_1000 = 0;
  lead_.mood = Lead::Mood::well;
  for (Site* site : {clinic_.get(), hub_.get()}) {
    site->disk().fail({});
    site->disk().resize(1ull << 40);
    // A start that met a failing disk left something for the next one.
    if (site->up() && site->started_badly()) site->end(Site::End::orderly, second);
  }
}

bool History::run_until(std::int64_t end) {
  while (world_.step(end)) {
    if (!world_.complaints.empty()) return false;
    if (world_.happened() > events_max) return world_.broken("it spins: too many events"), false;
  }
  if (world_.complaints.empty()) world_.pass(std::max<std::int64_t>(0, end - world_.now()));  // nothing more happens until then
  return world_.complaints.empty();
}

// On hold is only what shares its name with another image; rejected only what the lead said of that it does not take it.
bool History::may_be_left_to_a_person(const Image& image, core::DeliveryState state) const {
  if (state == core::DeliveryState::on_hold)
    return std::ranges::any_of(images_.all, [&](const Image& other) { return &other != &image && other.sop_instance == image.sop_instance; });
  return state == core::DeliveryState::rejected && lead_.has_judged(image.sop_instance);
}

bool History::arrived(const Image& image, std::string& where) {
  if (lead_.has(content_of(image))) return true;
  for (Site* site : {clinic_.get(), hub_.get()}) {
    where += " " + site->name() + ":";
    const auto holdings = site->holdings(images_);
    const auto [from, to] = holdings.equal_range(image.sop_instance);
    for (auto one = from; one != to; ++one) {
      where += " " + std::string(to_string(one->second.state)) + " (" + one->second.reason + ")";
      if (may_be_left_to_a_person(image, one->second.state)) return true;
    }
  }
  return false;
}

// Nothing waits, and everything that went on is archived, but for what the hub keeps for a person. Two images of one name
// are not proven by an answer that knows names only.
History::Left History::left() {
  Left left;
  const std::uint64_t in_doubt = 2 * conflicts_;
  std::uint64_t kept_at_hub = 0;
  for (const auto& count : hub_->queue().summary().destinations) {
    left.waiting += count.waiting;
    left.unproven += count.delivered - std::min(count.delivered, count.archived + in_doubt);
    kept_at_hub += count.rejected + count.on_hold;
  }
  for (const auto& count : clinic_->queue().summary().destinations) {
    left.waiting += count.waiting;
    left.unproven += count.delivered - std::min(count.delivered, count.archived + in_doubt + kept_at_hub);
  }
  return left;
}

bool History::is_drained() {
  if (!clinic_->up() || !hub_->up() || !std::ranges::all_of(images_.all, &Image::acknowledged)) return false;
  const Left now = left();
  return now.waiting == 0 && now.unproven == 0;
}

// What was acknowledged by the address with two destinations is at the second one too, or held there for a person.
void History::check_beside() {
  const auto holdings = clinic_->holdings(images_);
  for (const Image& image : images_.all) {
    if (!image.beside || clinic_way_.has_beside(content_of(image))) continue;
    const auto [from, to] = holdings.equal_range(image.sop_instance);
    const bool held = std::any_of(from, to, [&](const auto& one) {
      return one.second.destination == beside && one.second.state == core::DeliveryState::on_hold && may_be_left_to_a_person(image, one.second.state);
    });
    if (!held) world_.broken(image.sop_instance + " was acknowledged for the second destination and did not arrive there");
  }
}

void History::check_end() {
  for (const Image& image : images_.all) {
    unsent_ += image.acknowledged ? 0 : 1;
    std::string where;
    if (image.acknowledged && !arrived(image, where))
      world_.broken(image.sop_instance + " was acknowledged and did not arrive; it is at" + (where.empty() ? " nowhere" : where));
  }
  check_beside();
  if (unsent_ > 0) world_.broken(std::to_string(unsent_) + " images are still refused at the clinic, and nothing is wrong any more");
  check_custody();
  for (Site* site : {clinic_.get(), hub_.get()})
    for (const auto& destination : site->settings().destinations) {
      const auto due = site->queue().unproven().due(destination.name, 200);
      world_.trace(site->name() + ": " + std::to_string(due.items.size()) + " to be proven now, others in " +
                   (due.due_in ? std::to_string(due.due_in->count()) : "-") + " ms");
      for (const auto& one : due.items) world_.trace("  " + std::string(one.item.facts.get(core::Fact::sop_instance_uid)) + " asked " + std::to_string(one.asked));
    }
  if (const Left now = left(); now.waiting > 0 || now.unproven > 0)
    world_.broken(std::to_string(now.waiting) + " still wait and " + std::to_string(now.unproven) + " are not proven, and nothing is wrong any more");
}

void History::play() {
  clinic_->boot();
  hub_->boot();
  plan_exams();
  plan_faults();
  plan_audits();
  if (!run_until(length_)) return;
  heal();
  const bool windows = !clinic_->settings().destinations[0].windows.empty() || !hub_->settings().destinations[0].windows.empty();
  const std::int64_t begun = world_.now(), end = begun + (windows ? drain_time_of_windows : drain_time);
  while (world_.now() < end && !is_drained())
    if (!run_until(world_.now() + 5 * minute)) return;
  drained_in_ = world_.now() - begun;
  check_end();
}

std::string History::summary() const {
  return std::to_string(images_.all.size()) + " images, " + std::to_string(acknowledged_) + " acknowledged, " + std::to_string(lead_.count()) +
         " at the lead, " + std::to_string(clinic_->boots() + hub_->boots()) + " starts, " + std::to_string(refused_) + " refusals, " +
         std::to_string(conflicts_) + " conflicts, drained in " + std::to_string(drained_in_ / minute) + " min, " + std::to_string(world_.happened()) + " events";
}

}  // namespace sampan::sim
