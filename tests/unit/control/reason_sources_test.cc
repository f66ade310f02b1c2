// SPDX-License-Identifier: Apache-2.0
// Every sentence in the sources that may become a reason is told in Chinese: the sources themselves are read, so that a new
// one without Chinese is found the day it is written.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "control/reason_phrases.h"
#include "control/reason_words.h"

using namespace sampan;
using namespace sampan::control;

namespace {

// The modules whose words reach a person as the reason why something waits, is on hold, was rejected, refused or set aside.
constexpr std::array modules{"dicom", "intake", "node", "policy", "queue", "scheduler", "uplink", "worker"};

// Files (by their start) whose sentences go elsewhere: to a log, a peer or a sentence with Chinese of its own beside it.
constexpr std::array elsewhere{
    "dicom/canonical.", "dicom/commitment.",                                 // log
    "dicom/status_words.", "policy/failure_table.",                          // Chinese beside it, held to the phrases elsewhere
    "intake/dimse_promise.", "intake/dimse_reception.", "intake/dimse_session.",  // the modality's error comment
    "intake/folder.", "intake/folder_plain.", "intake/folder_reception.", "intake/folder_round.",
    "intake/folder_tree.", "intake/folder_troubles.", "node/intakes.", "node/node.",   // log, settings; a note with Chinese of its own
    "node/exams.", "node/custodian.", "node/rescue",                         // Chinese beside it
    "queue/damage.", "queue/dropping.", "queue/handed_in.", "queue/awaited.",  // Chinese in node/custodian and node/exams
    "queue/key_doors.", "queue/key_files.", "queue/key_text.", "queue/recovery_key.",  // Chinese beside it, or log
    "queue/ledger.", "queue/ledger_secrets.", "queue/ledger_undecided.", "queue/ledger_schema.cc", "queue/ledger_apply.",  // log
    "queue/orders.", "queue/pledges.", "queue/unproven.", "queue/rebuild.", "queue/reclaim.", "queue/counts.",  // Chinese in node/exams, or log
    "queue/spool_check.",
};

// Sentences that are none of these, in files that hold others.
const std::set<std::string> no_reasons{
    "not all of it is read yet", "not known yet",  // a report of storage commitment that waits; nobody is told
    "being compared", "torn tail", "doubtful tail", "the same image came again", "exams missing", "names missing",       // marks in the ledger; nobody is told
    "unknown ca", "access denied", "handshake failure", "not yet valid",   // looked for in what OpenSSL says
    "no thread for a lane", "a verdict without an outcome",                // the program ends
    "is not a numeric address",                                            // settings say it first
    "This file was not taken", "It is kept here unchanged. Export it again on the device; a corrected file is taken when it is put back.rnrn",  // a note in both
    "say which architecture this is, for the filter",                      // the compiler ends
    "the keyring holds too many keys", "no recovery key was made", "keys already", "this node has",  // Chinese in key_doors
};

bool ends_somewhere_else(const std::string& code) {
  constexpr std::array words{"log::", "SAMPAN_PANIC", "SAMPAN_ASSERT", "static_assert", "#include", "Statement(", ".ask(", "execute(", "#error"};
  return std::ranges::any_of(words, [&](const char* word) { return code.find(word) != code.npos; });
}

// Two words of small letters beside each other.
bool is_sentence(const std::string& text) {
  constexpr std::array sql{"SELECT ", "INSERT ", "UPDATE ", "DELETE ", "CREATE ", "ORDER ", "WHERE "};
  if (std::ranges::any_of(sql, [&](const char* word) { return text.starts_with(word); })) return false;
  std::istringstream in(text);
  int run = 0;
  for (std::string word; in >> word;) {
    while (!word.empty() && std::string_view(",.:;)").find(word.back()) != std::string_view::npos) word.pop_back();
    const bool small = word.size() > 1 && std::ranges::all_of(word, [](unsigned char c) { return std::islower(c) != 0 || c == '\''; });
    run = small ? run + 1 : 0;
    if (run == 2) return true;
  }
  return false;
}

std::string read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// String literals, those beside each other as one, without the statements that end somewhere else.
class Literals {
 public:
  explicit Literals(const std::string& source) : source_(source) {
    while (at_ < source_.size()) step();
    end_statement();
  }
  std::vector<std::string> all;

 private:
  bool here(std::string_view what) const { return std::string_view(source_).substr(at_, what.size()) == what; }
  void skip_past(std::string_view what) { at_ = std::min(source_.find(what, at_), source_.size() - what.size()) + what.size(); }

  void step() {
    if (here("//")) return skip_past("\n");
    if (here("/*")) return skip_past("*/");
    if (here("R\"sql(")) return skip_past(")sql\"");
    const char c = source_[at_];
    if (c == '"') return literal();
    if (c == '\'' && (at_ == 0 || std::isalnum(static_cast<unsigned char>(source_[at_ - 1])) == 0)) return character();
    ++at_;
    if (c == ';' || c == '{' || c == '}') return end_statement();
    if (c == '\n' && code_.find('#') != code_.npos) return end_statement();
    code_ += c;
    beside_ = beside_ && std::isspace(static_cast<unsigned char>(c)) != 0;
  }
  void literal() {
    std::string text;
    for (++at_; at_ < source_.size() && source_[at_] != '"'; ++at_) {
      if (source_[at_] == '\\') ++at_;
      text += source_[at_];
    }
    ++at_;
    if (beside_ && !found_.empty())
      found_.back() += text;
    else
      found_.push_back(text);
    beside_ = true;
  }
  void character() {
    for (++at_; at_ < source_.size() && source_[at_] != '\''; ++at_)
      if (source_[at_] == '\\') ++at_;
    ++at_;
  }
  void end_statement() {
    if (!ends_somewhere_else(code_)) all.insert(all.end(), found_.begin(), found_.end());
    found_.clear();
    code_.clear();
    beside_ = false;
  }

  const std::string& source_;
  std::size_t at_ = 0;
  std::string code_;
  std::vector<std::string> found_;
  bool beside_ = false;
};

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == ':' || text.back() == '(')) text.pop_back();
  while (!text.empty() && (text.front() == ' ' || text.front() == ':')) text.erase(0, 1);
  return text;
}

// A piece of a phrase that is put together: "its answer to " + asked + " is none".
bool is_piece(const std::string& text) {
  if (text.empty() || (text.front() != ' ' && text.back() != ' ')) return false;
  for (const auto table : {phrases_of_ours(), phrase_openings()})
    for (const auto& row : table)
      if (row.en.find(text) != row.en.npos) return true;
  const std::string whole = text.front() == ' ' ? "its fallback X" + text : text + "X cannot prove that it keeps it";
  return reason_words(whole, Lang::zh) != whole;
}

bool has_chinese(const std::string& text) {
  const std::string reason = trimmed(text);
  return no_reasons.contains(reason) || is_piece(text) || reason_words(reason, Lang::zh) != reason;
}

}  // namespace

TEST_CASE("every_sentence_of_the_sources_that_may_become_a_reason_is_told_in_chinese") {
  std::size_t read_ones = 0;
  for (const char* module : modules)
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(SAMPAN_SOURCE_DIR "/agent") / module)) {
      const std::string name = std::string(module) + "/" + entry.path().filename().string();
      const bool source = name.ends_with(".cc") || name.ends_with(".h");
      if (!source || std::ranges::any_of(elsewhere, [&](const char* start) { return name.starts_with(start); })) continue;
      for (const auto& text : Literals(read(entry.path())).all) {
        if (!is_sentence(text)) continue;
        ++read_ones;
        CHECK_MESSAGE(has_chinese(text), name << ": \"" << text << "\" has no row in control/reason_phrases.cc");
      }
    }
  CHECK(read_ones > 100);
}

TEST_CASE("every_phrase_stands_once_and_has_chinese_of_its_own") {
  std::set<std::string_view> known;
  for (const auto table : {phrases_of_answers(), phrases_of_ours(), phrases_of_others(), phrase_openings()})
    for (const auto& row : table) {
      CHECK_MESSAGE(known.insert(row.en).second, row.en);
      const bool chinese = std::ranges::any_of(row.zh, [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; });
      CHECK_MESSAGE(chinese, row.en);
    }
}
