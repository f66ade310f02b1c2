// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"
#include "base/sanitized.h"
#include "core/limits.h"
#include "queue/keyring.h"

#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "fixture.h"
#include "queue/key_doors.h"
#include "queue/recovery_key.h"

using namespace sampan;
using namespace sampan::test;
using queue::Keyring;
using queue::KeySources;
using queue::ProtectorKind;
using queue::Protection;

namespace {

struct KeyHome {
  TemporaryDirectory home, credentials;
  std::string state() const { return home.path().string(); }
  std::filesystem::path at(const std::string& name) const { return home.path() / name; }
  KeySources sources(std::optional<Key> recovery = {}) const { return {state(), credentials.path().string(), recovery}; }
  void credential(const std::string& name, const std::string& text) { std::ofstream(credentials.path() / name) << text; }
  Keyring open() {
    auto ring = Keyring::open_or_make(disk(), sources());
    REQUIRE_MESSAGE(ring.ok(), (ring.ok() ? "" : ring.error().message));
    return std::move(*ring);
  }
  // Everything below the state directory: path, bytes and time of change.
  std::map<std::string, std::pair<std::string, std::filesystem::file_time_type>> picture() const {
    std::map<std::string, std::pair<std::string, std::filesystem::file_time_type>> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(home.path())) {
      std::ifstream in(entry.path(), std::ios::binary);
      std::string bytes = entry.is_directory() ? "" : std::string(std::istreambuf_iterator<char>(in), {});
      all[entry.path().string()] = {bytes, std::filesystem::last_write_time(entry.path())};
    }
    return all;
  }
};

struct SealedKey {
  queue::Header header;
  Key plain;
};
SealedKey seal_with(const Keyring& ring) {
  SealedKey sealed;
  sealed.plain = ring.mint(sealed.header);
  return sealed;
}
bool opens(const Keyring& ring, const SealedKey& sealed) {
  const auto key = ring.data_key(sealed.header);
  return key.ok() && *key == sealed.plain;
}

// A disk that fails for good after so many steps that change it.
struct FailingSteps final : FileSystem {
  long steps_left = 1000;
  Status step() { return steps_left-- > 0 ? Status() : Status(fail(Errc::io, "test: the disk fails")); }
  Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) override {
    if (mode != Mode::read)
      if (Status may = step(); !may) return may.error();
    return disk().open(path, mode);
  }
  Status make_directories(const std::string& path) override { return disk().make_directories(path); }
  Status sync_directory(const std::string& path) override { return step() ? disk().sync_directory(path) : fail(Errc::io, "test"); }
  Status rename(const std::string& from, const std::string& to) override { return step() ? disk().rename(from, to) : fail(Errc::io, "test"); }
  Status unlink(const std::string& path) override { return step() ? disk().unlink(path) : fail(Errc::io, "test"); }
  Result<std::vector<std::string>> list(const std::string& directory) override { return disk().list(directory); }
  Result<DiskSpace> space(const std::string& path) override { return disk().space(path); }
};

const std::string secret_a(40, 'a'), secret_b(40, 'b');

// A file that nobody wrote to: the same one, of the same size and time of change, with the same bytes behind its header.
struct Untouched {
  ino_t file;
  off_t size;
  std::int64_t changed_ns;
  std::string records_sha256;
  bool operator==(const Untouched&) const = default;
};
Untouched look_at(const std::string& path) {
  struct stat said {};
  REQUIRE(::stat(path.c_str(), &said) == 0);
  std::ifstream in(path, std::ios::binary);
  const std::string records(std::istreambuf_iterator<char>(in.seekg(4096)), {});
  REQUIRE(records.size() + 4096 == static_cast<std::size_t>(said.st_size));
  return {said.st_ino, said.st_size, said.st_mtim.tv_sec * 1'000'000'000 + said.st_mtim.tv_nsec, to_hex(sha256(as_bytes(records)))};
}
std::map<std::string, Untouched> look_at_all(QueueFixture& node) {
  std::map<std::string, Untouched> all;
  for (const char stream : {'i', 'n'})
    for (const auto& path : node.segments(stream)) all.emplace(path, look_at(path));
  return all;
}

}  // namespace

TEST_CASE_FIXTURE(KeyHome, "how_the_keys_are_kept_is_told_while_the_disk_takes_its_time_to_change_them") {
  FaultyFiles files;
  auto ring = Keyring::open_or_make(files, sources());
  REQUIRE(ring.ok());
  int asked = 0;
  files.before_sync = [&] {
    auto told = std::make_shared<std::promise<std::size_t>>();
    std::thread([told, &ring] { told->set_value(ring->protection().node_keys); }).detach();
    auto answer = told->get_future();
    REQUIRE(answer.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
    CHECK(answer.get() == 1);
    ++asked;
  };
  REQUIRE(ring->rotate().ok());
  CHECK(asked > 0);
  files.before_sync = [] {};
  CHECK(ring->protection().node_keys == 2);
}

TEST_CASE_FIXTURE(KeyHome, "a_keyring_made_on_the_first_start_opens_on_the_next" * doctest::description("contract 1")) {
  const SealedKey sealed = seal_with(open());
  const Keyring again = open();
  CHECK(opens(again, sealed));
  CHECK(again.protection().by == ProtectorKind::file);
  CHECK(again.protection().recovery == Protection::Recovery::none);
  CHECK(std::filesystem::status(at("keys/local.key")).permissions() == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  std::ifstream in(at("keys/keyring"));
  const std::string text(std::istreambuf_iterator<char>(in), {});
  CHECK(text.find("sampan-keyring 1") == 0);
}

TEST_CASE_FIXTURE(KeyHome, "keys_of_an_older_version_are_taken_over_and_an_older_version_does_not_begin_with_others" * doctest::description("contract 9")) {
  const Key first = random_key(), second = random_key();
  const auto line = [](const Key& key) {
    std::uint8_t raw[8];
    store_le(raw, queue::key_id(key));
    return "key " + to_hex(raw) + " " + to_hex(key) + "\n";
  };
  std::filesystem::create_directories(at("keys"));
  std::filesystem::create_directories(at("spool"));
  const std::string node = "0197f000-0000-7000-8000-000000000001";
  std::ofstream(at("keys/node.key")) << "sampan-key 1\nnode " + node + "\n" + line(first) + line(second);
  std::ofstream(at("spool/i0000000000000001.seg")) << "x";
  const Keyring ring = open();
  CHECK(to_string(ring.node()) == node);
  CHECK(ring.knows(queue::key_id(first)));
  queue::Header header;
  static_cast<void>(ring.mint(header));
  CHECK(header.key_id == queue::key_id(second));
  CHECK(ring.derive("x") == Key{hmac_sha256(first, as_bytes("x"))});
  std::ifstream in(at("keys/node.key"));
  std::string head;
  std::getline(in, head);
  CHECK(head == "sampan-key 2");
  CHECK(open().derive("x") == ring.derive("x"));
}

TEST_CASE_FIXTURE(KeyHome, "one_damaged_copy_of_the_keyring_or_of_the_key_file_is_made_good_from_the_other" * doctest::description("contract 9")) {
  const SealedKey sealed = seal_with(open());
  const auto damage = [&](const std::string& name) {
    std::fstream file(at("keys/" + name), std::ios::in | std::ios::out);
    file.seekp(60), file << "#";
  };
  SUBCASE("keyring") { damage("keyring"); }
  SUBCASE("its copy") { damage("keyring.copy"); }
  SUBCASE("key file") { damage("local.key"); }
  SUBCASE("copy lost") { std::filesystem::remove(at("keys/keyring.copy")); }
  SUBCASE("keyring lost") { std::filesystem::remove(at("keys/keyring")); }
  CHECK(opens(open(), sealed));
  std::ifstream one(at("keys/keyring")), other(at("keys/keyring.copy"));
  CHECK(std::string(std::istreambuf_iterator<char>(one), {}) == std::string(std::istreambuf_iterator<char>(other), {}));
  CHECK(opens(open(), sealed));
}

TEST_CASE_FIXTURE(KeyHome, "of_a_keyring_from_before_a_rotation_and_its_newer_copy_the_newer_one_holds" * doctest::description("contract 1, 9")) {
  std::string older = "keys/keyring";
  SUBCASE("a keyring that was put back") {}
  SUBCASE("a copy that was put back") { older = "keys/keyring.copy"; }
  SealedKey sealed;
  {
    Keyring ring = open();
    std::filesystem::copy_file(at(older), at("before"));
    REQUIRE(ring.rotate().ok());
    sealed = seal_with(ring);
  }
  std::filesystem::copy_file(at("before"), at(older), std::filesystem::copy_options::overwrite_existing);
  CHECK(opens(open(), sealed));
  CHECK(opens(open(), sealed));
}

TEST_CASE_FIXTURE(KeyHome, "a_keyring_changed_by_another_hand_is_not_believed" * doctest::description("contract 11")) {
  {
    Keyring ring = open();
    REQUIRE(ring.make_recovery().ok());
  }
  const auto before = picture();
  for (const char* name : {"keys/keyring", "keys/keyring.copy"}) {  // a recovery key of somebody else in its place
    std::ifstream in(at(name));
    std::string text(std::istreambuf_iterator<char>(in), {});
    const auto half = text.find(" recovery 2 ") + 12;
    const auto begin = text.find(' ', half) + 1;
    const std::string other = to_hex(queue::make_recovery_key().half);
    text.replace(begin, other.size(), other);
    std::ofstream(at(name)) << text;
  }
  const auto ring = Keyring::open_or_make(disk(), sources());
  REQUIRE(!ring.ok());
  CHECK(ring.error().code == Errc::refused);
}

TEST_CASE_FIXTURE(KeyHome, "a_wrong_or_missing_key_is_said_in_both_languages_and_nothing_is_touched" * doctest::description("contract 9")) {
  credential("sampan.key", secret_a);
  static_cast<void>(open());
  std::filesystem::create_directories(at("spool"));
  std::ofstream(at("spool/i0000000000000001.seg")) << "x";
  SUBCASE("another credential") { credential("sampan.key", secret_b); }
  SUBCASE("no credential") { std::filesystem::remove(credentials.path() / "sampan.key"); }
  SUBCASE("a credential that is too short") { credential("sampan.key", "short"); }
  SUBCASE("no keyring") { std::filesystem::remove_all(at("keys")); }
  SUBCASE("both copies damaged") { std::ofstream(at("keys/keyring")) << "x", std::ofstream(at("keys/keyring.copy")) << "y"; }
  const auto before = picture();
  const auto ring = Keyring::open_or_make(disk(), sources());
  REQUIRE(!ring.ok());
  CHECK(ring.error().code == Errc::refused);
  CHECK(ring.error().message.find('\n') != std::string::npos);
  CHECK(ring.error().message.find("密钥") != std::string::npos);
  CHECK(picture() == before);
}

TEST_CASE_FIXTURE(KeyHome, "a_wrong_key_is_named_by_what_is_to_be_put_back" * doctest::description("contract 9")) {
  std::string what = "the key file local.key beside it", what_zh = "同目录下的密钥文件 local.key";
  SUBCASE("a key file") {}
  SUBCASE("a credential") { credential("sampan.key", secret_a), what = "a credential of the service manager", what_zh = "服务管理器的凭据"; }
  static_cast<void>(open());
  std::filesystem::remove(at("keys/local.key")), std::filesystem::remove(at("keys/local.key.copy"));
  std::filesystem::remove(credentials.path() / "sampan.key");
  const auto ring = Keyring::open_or_make(disk(), sources());
  REQUIRE(!ring.ok());
  CHECK(ring.error().message.find("which is protected by " + what + ". ") != std::string::npos);
  CHECK(ring.error().message.find("（由" + what_zh + "保护）") != std::string::npos);
}

TEST_CASE_FIXTURE(KeyHome, "a_credential_takes_the_place_of_the_key_file_and_what_comes_then_is_under_a_new_key" * doctest::description("contract 11")) {
  const SealedKey before = seal_with(open());
  credential("sampan.key", secret_a);
  const Keyring ring = open();
  CHECK(ring.protection().by == ProtectorKind::credential);
  CHECK(ring.protection().node_keys == 2);
  CHECK(!std::filesystem::exists(at("keys/local.key")));
  CHECK(!std::filesystem::exists(at("keys/local.key.copy")));
  const SealedKey after = seal_with(ring);
  CHECK(after.header.key_id != before.header.key_id);
  const Keyring again = open();
  CHECK(opens(again, before));
  CHECK(opens(again, after));
  CHECK(again.protection().node_keys == 2);
}

TEST_CASE_FIXTURE(KeyHome, "a_second_key_of_a_machine_in_the_keyring_is_taken_out_and_opens_nothing_from_then_on" * doctest::description("contract 11")) {
  const SealedKey before = seal_with(open());
  const auto text_in = [&] {
    std::ifstream in(at("keys/keyring"));
    return *queue::KeyText::parse(std::string(std::istreambuf_iterator<char>(in), {}));
  };
  const queue::KeyDoor stray = queue::credential_door(as_bytes(secret_b));
  queue::KeyText text = text_in();
  const auto opened = queue::open_text(text, *queue::find_doors(disk(), sources()));
  REQUIRE(opened.has_value());
  text.protectors.push_back(stray.protector);
  for (std::size_t i = 0; i < text.keys.size(); ++i)
    text.keys[i].copies.push_back(*queue::wrap_node_key(stray.protector, &stray.key, opened->keys[i]));
  text.seal = queue::seal_of(text, opened->keys.back());
  for (const char* name : {"keys/keyring", "keys/keyring.copy"}) std::ofstream(at(name)) << text.whole();
  REQUIRE(queue::open_text(text_in(), {stray}).has_value());

  const Keyring ring = open();  // by the key file, which stands in it too
  CHECK(ring.protection().by == ProtectorKind::file);
  CHECK(ring.protection().node_keys == 2);
  CHECK(opens(ring, before));
  CHECK_FALSE(queue::open_text(text_in(), {stray}).has_value());
}

TEST_CASE_FIXTURE(KeyHome, "a_credential_is_exchanged_for_another_while_the_old_one_is_at_hand") {
  credential("sampan.key", secret_a + "\n");
  const SealedKey sealed = seal_with(open());
  credential("sampan.key", secret_b), credential("sampan.key.old", secret_a);
  CHECK(opens(open(), sealed));
  std::filesystem::remove(credentials.path() / "sampan.key.old");
  CHECK(opens(open(), sealed));
}

TEST_CASE_FIXTURE(KeyHome, "the_recovery_key_alone_opens_every_key_also_those_made_after_it" * doctest::description("contract 1")) {
  Keyring ring = open();
  const SealedKey first = seal_with(ring);
  auto text = ring.make_recovery();
  REQUIRE(text.ok());
  CHECK(ring.protection().recovery == Protection::Recovery::made);
  REQUIRE(ring.handed_out().ok());
  CHECK(ring.protection().recovery == Protection::Recovery::handed_out);
  REQUIRE(ring.rotate().ok());
  const SealedKey second = seal_with(ring);
  CHECK(second.header.key_id != first.header.key_id);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(home.path())) {
    if (entry.is_directory()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    CHECK_MESSAGE(bytes.find(text->substr(0, 11)) == std::string::npos, entry.path().string());
  }
  std::filesystem::remove(at("keys/local.key")), std::filesystem::remove(at("keys/local.key.copy"));
  const auto half = queue::read_recovery_key(*text);
  REQUIRE(half.ok());
  const auto before = picture();
  const auto opened = Keyring::open_only(disk(), sources(*half));
  REQUIRE(opened.ok());
  CHECK(opens(*opened, first));
  CHECK(opens(*opened, second));
  CHECK(picture() == before);
  const auto wrong = queue::read_recovery_key(queue::make_recovery_key().text);
  REQUIRE(wrong.ok());
  CHECK(!Keyring::open_only(disk(), sources(*wrong)).ok());
}

TEST_CASE_FIXTURE(KeyHome, "the_recovery_key_before_holds_until_the_next_one_was_handed_out" * doctest::description("contract 1")) {
  Keyring ring = open();
  const auto first = ring.make_recovery();
  REQUIRE(ring.handed_out().ok());
  const auto second = ring.make_recovery();
  REQUIRE((first.ok() && second.ok()));
  const auto opens_with = [&](const std::string& text) { return Keyring::open_only(disk(), {state(), {}, *queue::read_recovery_key(text)}).ok(); };
  std::filesystem::rename(at("keys/local.key"), at("away")), std::filesystem::rename(at("keys/local.key.copy"), at("away.copy"));
  CHECK(opens_with(*first));
  CHECK(opens_with(*second));
  REQUIRE(ring.handed_out().ok());
  CHECK(!opens_with(*first));
  CHECK(opens_with(*second));
}

TEST_CASE_FIXTURE(KeyHome, "a_recovery_key_that_nobody_was_shown_makes_room_for_the_next" * doctest::description("contract 10, 11")) {
  Keyring ring = open();
  const auto first = ring.make_recovery();
  REQUIRE(first.ok());
  for (int i = 0; i < 100; ++i) REQUIRE(ring.make_recovery().ok());
  CHECK(std::filesystem::file_size(at("keys/keyring")) < 4096);
  const auto unshown = queue::read_recovery_key(*first);
  REQUIRE(unshown.ok());
  std::filesystem::remove(at("keys/local.key")), std::filesystem::remove(at("keys/local.key.copy"));
  CHECK_FALSE(Keyring::open_only(disk(), sources(*unshown)).ok());
}

TEST_CASE_FIXTURE(KeyHome, "on_another_machine_the_recovery_key_takes_the_node_into_service_again" * doctest::description("contract 1")) {
  credential("sampan.key", secret_a);
  SealedKey sealed;
  {
    Keyring ring = open();
    sealed = seal_with(ring);
    credential("sampan.recovery", *ring.make_recovery());
  }
  std::filesystem::remove(credentials.path() / "sampan.key");
  SUBCASE("with a key file") {}
  SUBCASE("with a credential of that machine") { credential("sampan.key", secret_b); }
  CHECK(opens(open(), sealed));
  std::filesystem::remove(credentials.path() / "sampan.recovery");
  CHECK(opens(open(), sealed));
}

TEST_CASE("a_recovery_key_is_read_as_people_write_it_and_a_mistake_is_found_in_its_group") {
  const auto made = queue::make_recovery_key();
  const std::string& text = made.text;
  CHECK(text.size() == 47);
  REQUIRE(queue::read_recovery_key(text).ok());
  CHECK(public_key(*queue::read_recovery_key(text)) == made.half);
  std::string loose;
  for (const char c : text) loose += c == '-' ? ' ' : c == '1' ? 'l' : c == '0' ? 'o' : static_cast<char>(std::tolower(c));
  REQUIRE(queue::read_recovery_key(loose + "\n").ok());
  CHECK(*queue::read_recovery_key(loose) == *queue::read_recovery_key(text));
  const std::string alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '-') continue;
    for (const char c : alphabet) {
      if (c == text[i]) continue;
      std::string mistyped = text;
      mistyped[i] = c;
      const auto read = queue::read_recovery_key(mistyped);
      REQUIRE(!read.ok());
      CHECK(read.error().message.find("group " + std::to_string(i / 6 + 1)) != std::string::npos);
    }
    if (i + 1 < text.size() && text[i + 1] != '-' && text[i] != text[i + 1]) {
      std::string exchanged = text;
      std::swap(exchanged[i], exchanged[i + 1]);
      CHECK(!queue::read_recovery_key(exchanged).ok());
    }
  }
  if (text.substr(0, 5) != text.substr(6, 5)) CHECK(!queue::read_recovery_key(text.substr(6, 6) + text.substr(0, 6) + text.substr(12)).ok());
  CHECK(!queue::read_recovery_key(text.substr(0, 46)).ok());
  CHECK(!queue::read_recovery_key(text + "1").ok());
  CHECK(!queue::read_recovery_key("").ok());
}

TEST_CASE_FIXTURE(KeyHome, "there_is_an_end_to_the_keys_of_a_node" * doctest::description("contract 10")) {
  Keyring ring = open();
  REQUIRE(ring.make_recovery().ok());
  std::vector<SealedKey> sealed{seal_with(ring)};
  while (ring.rotate().ok()) sealed.push_back(seal_with(ring));
  CHECK(sealed.size() == core::limits::node_keys_max);
  CHECK(std::filesystem::file_size(at("keys/keyring")) < core::limits::keyring_bytes_max);
  const Keyring again = open();
  for (const auto& one : sealed) CHECK(opens(again, one));
}

TEST_CASE("a_rotation_or_a_new_recovery_key_that_the_disk_fails_at_any_step_leaves_everything_that_was_sealed_open" * doctest::description("contract 1, 9")) {
  KeyHome home;
  FailingSteps files;
  auto ring = Keyring::open_or_make(files, home.sources());
  REQUIRE(ring.ok());
  std::vector<SealedKey> sealed{seal_with(*ring)};
  for (long step = 0; step < 10; ++step) {
    files.steps_left = step;
    const bool rotated = ring->rotate().ok();
    CHECK(rotated == (step >= 8));  // of each copy: the old temporary, the file, its name, its directory
    sealed.push_back(seal_with(*ring));
    files.steps_left = step;
    static_cast<void>(ring->make_recovery());
    sealed.push_back(seal_with(*ring));
    files.steps_left = 1000;
    const Keyring again = home.open();
    for (const auto& one : sealed) CHECK(opens(again, one));
    ring = Keyring::open_or_make(files, home.sources());
    REQUIRE(ring.ok());
  }
}

TEST_CASE("a_first_start_or_a_move_to_a_credential_that_the_disk_fails_at_any_step_succeeds_at_the_next" * doctest::description("contract 9")) {
  for (long step = 0; step < 24; ++step) {
    KeyHome home;
    FailingSteps files;
    files.steps_left = step;
    static_cast<void>(Keyring::open_or_make(files, home.sources()));
    const SealedKey sealed = seal_with(home.open());
    home.credential("sampan.key", secret_a);
    files.steps_left = step;
    static_cast<void>(Keyring::open_or_make(files, home.sources()));
    const Keyring ring = home.open();
    CHECK(opens(ring, sealed));
    CHECK(ring.protection().by == ProtectorKind::credential);
    CHECK(!std::filesystem::exists(home.at("keys/local.key")));
  }
}

TEST_CASE_FIXTURE(KeyHome, "keys_are_locked_in_memory_and_left_out_of_dumps" * doctest::description("contract 11")) {
  const auto locked_pages = [] {
    std::ifstream smaps("/proc/self/smaps");
    std::size_t count = 0;
    for (std::string line; std::getline(smaps, line);)
      if (line.rfind("VmFlags:", 0) == 0 && line.find(" lo") != std::string::npos && line.find(" dd") != std::string::npos) ++count;
    return count;
  };
  const std::size_t before = locked_pages();
  const Keyring ring = open();
  if (!ring.protection().memory_locked || SAMPAN_SANITIZED != 0) {  // they answer mlock() themselves
    MESSAGE("skipped: this system locks no memory");
    return;
  }
  CHECK(locked_pages() == before + 1);
}

TEST_CASE_FIXTURE(QueueFixture, "a_spool_of_another_keyring_is_refused_and_not_touched" * doctest::description("contract 9")) {
  REQUIRE(put(pattern(10'000, 1), image_facts("1.1")).ok());
  queue->drain();
  stop();
  std::filesystem::rename(at("keys"), at("keys.own"));
  QueueFixture other;
  REQUIRE(other.put(pattern(10'000, 1), image_facts("1.1")).ok());
  other.stop();
  std::filesystem::copy(other.at("keys"), at("keys"));
  const auto size = std::filesystem::file_size(segments()[0]);
  queue::QueueNeeds needs{files, clock, system_random(), {}, {}, {}, {}};
  const auto opened = queue::Queue::open({home.path().string(), "test"}, std::move(needs));
  REQUIRE(!opened.ok());
  CHECK(opened.error().code == Errc::refused);
  CHECK(opened.error().message.find("密钥不符") != std::string::npos);
  CHECK(std::filesystem::file_size(segments()[0]) == size);
  std::filesystem::remove_all(at("keys"));
  std::filesystem::rename(at("keys.own"), at("keys"));
  start();
  CHECK(lease().size() == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "rotations_write_to_no_segment" * doctest::description("contract 9")) {
  for (unsigned i = 0; i < 3; ++i) REQUIRE(put(pattern(10'000, i), image_facts("1." + std::to_string(i))).ok());
  deliver(lease().at(0));  // a receipt, in a segment of notes
  restart();
  REQUIRE(put(pattern(10'000, 3), image_facts("1.3")).ok());
  queue->drain();
  const auto before = look_at_all(*this);
  REQUIRE(before.size() >= 3);
  for (int i = 0; i < 20; ++i) REQUIRE(queue->keys().rotate().ok());
  queue->drain();
  CHECK((look_at_all(*this) == before));
  for (const auto& one : lease()) CHECK(content(one).size() == 10'000);
}

TEST_CASE_FIXTURE(QueueFixture, "keys_are_rotated_under_load_and_everything_opens_before_and_after_a_start" * doctest::description("contract 1, 9")) {
  std::atomic<bool> ended{false};
  std::thread turner([&] {
    for (int i = 0; i < 20; ++i) REQUIRE(queue->keys().rotate().ok());
    ended = true;
  });
  std::size_t count = 0;
  while (!ended || count < 50) {
    REQUIRE(put(pattern(10'000, static_cast<unsigned>(count)), image_facts("1." + std::to_string(count))).ok());
    ++count;
  }
  turner.join();
  CHECK(queue->keys().protection().node_keys == 21);
  for (const bool without_ledger : {false, true}) {
    restart(without_ledger);
    const auto items = lease();
    CHECK(items.size() == std::min<std::size_t>(count, 1000));
    for (const auto& one : items) CHECK(content(one).size() == 10'000);
    CHECK(queue->summary().quarantined == 0);
  }
}
