// SPDX-License-Identifier: Apache-2.0
#include "uplink/stow_xml.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/limits.h"

namespace sampan::uplink {
namespace {

constexpr std::string_view blanks = " \t\r\n";

struct Tag {
  enum class Kind { open, close, empty } kind = Kind::open;
  std::string_view name{};  // without its prefix
  std::string_view number{};  // the attribute `tag`
};

std::string_view local(std::string_view name) {
  const auto colon = name.find(':');
  return colon == name.npos ? name : name.substr(colon + 1);
}

std::string unescape(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> entities{
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  std::string out;
  while (!text.empty()) {
    const auto known = std::find_if(entities.begin(), entities.end(), [&](const auto& e) { return text.starts_with(e.first); });
    out.push_back(known == entities.end() ? text.front() : known->second);
    text.remove_prefix(known == entities.end() ? 1 : known->first.size());
  }
  return out;
}

// Reads the text from the left, one tag after the other.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // The next tag; content: what stood before it. Nothing at the end, and when it is not well-formed.
  std::optional<Tag> next(std::string& content) {
    content.clear();
    for (;;) {
      const auto angle = text_.find('<');
      if (angle == text_.npos) return {};
      content += unescape(text_.substr(0, angle));
      text_.remove_prefix(angle);
      if (text_.starts_with("<?") ? skip("?>") : text_.starts_with("<!--") && skip("-->")) continue;
      if (text_.starts_with("<!") || text_.starts_with("<?")) return {};
      return tag();
    }
  }
  // Nothing but white space is left.
  bool at_end() const { return text_.find_first_not_of(blanks) == text_.npos; }

 private:
  bool skip(std::string_view end) {
    const auto at = text_.find(end);
    if (at == text_.npos) return false;
    text_.remove_prefix(at + end.size());
    return true;
  }

  std::optional<Tag> tag() {
    Tag found;
    text_.remove_prefix(1);
    if (text_.starts_with('/')) found.kind = Tag::Kind::close, text_.remove_prefix(1);
    found.name = local(word());
    if (found.name.empty()) return {};
    for (;;) {
      blank();
      if (text_.starts_with('>')) return text_.remove_prefix(1), found;
      if (text_.starts_with("/>")) return text_.remove_prefix(2), found.kind = Tag::Kind::empty, found;
      if (!attribute(found)) return {};
    }
  }

  bool attribute(Tag& found) {
    const std::string_view name = word();
    blank();
    if (name.empty() || !text_.starts_with('=')) return false;
    text_.remove_prefix(1);
    blank();
    const char quote = text_.empty() ? '\0' : text_.front();
    const auto end = quote == '"' || quote == '\'' ? text_.find(quote, 1) : text_.npos;
    if (end == text_.npos) return false;
    if (name == "tag") found.number = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return true;
  }

  std::string_view word() {
    const std::string_view found = text_.substr(0, text_.find_first_of(" \t\r\n=/><\"'"));
    text_.remove_prefix(found.size());
    return found;
  }
  void blank() { text_.remove_prefix(std::min(text_.find_first_not_of(blanks), text_.size())); }

  std::string_view text_;
};

// Builds the elements along the tags. Names that are no part of a response are walked over.
class Builder {
 public:
  bool take(const Tag& tag, const std::string& content) {
    if (tag.kind == Tag::Kind::close) return close(tag, content);
    if (open_.empty() && (tag.name != "NativeDicomModel" || done_)) return false;
    if (open_.size() == core::limits::answer_depth_max) return false;
    open_.push_back({std::string(tag.name), sets_.back(), element_});
    if (tag.name == "DicomAttribute") element_ = &sets_.back()->elements[std::string(tag.number)];
    if (tag.name == "Item" && element_ != nullptr) {
      sets_.push_back(&element_->items.emplace_back());
      element_ = nullptr;  // an item within an item is of no element, and must not move this one
    }
    return tag.kind != Tag::Kind::empty || close(tag, {});
  }
  bool done() const { return done_; }
  StowElements root{};

 private:
  struct Open {
    std::string name;
    StowElements* set;
    StowElements::Element* element;
  };
  bool close(const Tag& tag, const std::string& content) {
    if (open_.empty() || open_.back().name != tag.name) return false;
    if (tag.name == "Value" && element_ != nullptr) element_->values.push_back(content);
    element_ = open_.back().element;
    if (sets_.back() != open_.back().set) sets_.pop_back();
    open_.pop_back();
    done_ = open_.empty();
    return true;
  }

  std::vector<StowElements*> sets_{&root};
  StowElements::Element* element_ = nullptr;
  std::vector<Open> open_;
  bool done_ = false;
};

}  // namespace

std::optional<StowElements> read_stow_xml(std::string_view text) {
  Scanner scanner(text);
  Builder builder;
  std::string content;
  while (!builder.done()) {
    const auto tag = scanner.next(content);
    if (!tag || !builder.take(*tag, content)) return {};
  }
  if (!scanner.at_end()) return {};
  return std::move(builder.root);
}

}  // namespace sampan::uplink
