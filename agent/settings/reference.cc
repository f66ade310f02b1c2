// SPDX-License-Identifier: Apache-2.0
#include "settings/reference.h"

#include <array>
#include <utility>

#include "core/limit_table.h"
#include "settings/value.h"

namespace sampan::settings {
namespace {

struct Page {
  Lang lang;
  std::string text{};

  const char* say(const char* en, const char* zh) const { return lang == Lang::zh ? zh : en; }
  void line(std::string_view words) { text += std::string(words) + "\n"; }
};

// How files become settings; the head of the reference and of the manual page.
constexpr std::array paragraphs{
    std::pair{"The settings are YAML, in UTF-8, indented with spaces. Every option is checked: an unknown name, a wrong value, "
              "a value given twice and a file that cannot be read are all reported at once, with file, line and column, and "
              "nothing of a wrong set is used.",
              "配置采用 YAML，UTF-8 编码，用空格缩进。每个选项都会检查：名称不存在、值有误、重复填写、文件无法读取，"
              "都会一次全部列出，并注明文件、行和列；有误的配置一概不用。"},
    std::pair{"After the settings file, every conf.d/*.yaml beside it is read, in the order of the names. Groups are the sum of what "
              "the files put into them, and a list is continued by the next file; a single value stands in one place only. Hidden "
              "files are passed over.",
              "读取配置文件之后，再按名称顺序读取同目录下的 conf.d/*.yaml。各文件中的选项组合并，列表依次接续；"
              "单个值只能写在一处。隐藏文件不读取。"},
    std::pair{"A running node takes a new set over as a whole when it is told to (sampan reload, systemctl reload sampand, or SIGHUP), "
              "and keeps the old one when something is wrong. Images that are arriving arrive, and destinations that are not changed "
              "are not disturbed. What is marked so waits for a restart, and so does a new intake.listen with the same port.",
              "运行中的服务在收到指令（sampan reload、systemctl reload sampand 或 SIGHUP）时整体启用新配置，有误则继续使用原配置。"
              "正在接收的图像照常接收，未改动的目的地不受影响。注明者须重启后生效；只改 intake.listen 而端口不变时也是如此。"},
};

std::string capital(std::string words) {
  if (!words.empty() && words.front() >= 'a' && words.front() <= 'z') words.front() = static_cast<char>(words.front() - 'a' + 'A');
  return words;
}

// "A whole number from 1 to 16; 2 by default."
std::string rule_of(const Described& described, Lang lang) {
  std::string rule = described.type;
  const char* between = lang == Lang::zh ? "；" : "; ";
  for (const std::string& part : {described.initial, described.notes})
    if (!part.empty()) rule += (rule.empty() ? "" : between) + part;
  return rule.empty() ? rule : capital(rule) + (lang == Lang::zh ? "。" : ".");
}

// mdoc(7): a backslash is \e, and a control character does not begin a line.
std::string roff(std::string_view words) {
  std::string text;
  if (words.starts_with('.') || words.starts_with('\'')) text = "\\&";
  for (const char c : words) text += c == '\\' ? std::string("\\e") : std::string(1, c);
  return text;
}

void manual_options(Page& page) {
  page.line(page.say(".Sh OPTIONS", ".Sh 选项"));
  page.line(page.say("A dot enters a group; [] stands for each element of a list.", "点号进入一组选项，[] 代表列表中的每一项。"));
  page.line(".Bl -tag -width Ds");
  for (const Option& option : option_table()) {
    const Described described = describe(option, page.lang);
    page.line(".It Cm " + described.path);
    page.line(roff(described.words));
    if (const std::string rule = rule_of(described, page.lang); !rule.empty()) {
      page.line(".br");
      page.line(roff(rule));
    }
  }
  page.line(".El");
}

void manual_limits(Page& page) {
  page.line(page.say(".Sh FIXED LIMITS", ".Sh 固定上限"));
  page.line(page.say("Everything is bounded. These bounds are part of the program.", "一切皆有上限，以下上限由程序固定。"));
  page.line(".Bl -tag -width Ds");
  for (const Described& limit : fixed_limits(page.lang)) {
    page.line(".It Cm " + limit.path + " No = " + limit.initial);
    page.line(roff(limit.words));
  }
  page.line(".El");
}

void manual_end(Page& page) {
  page.line(page.say(".Sh FILES", ".Sh 文件"));
  page.line(".Bl -tag -width Ds");
  page.line(".It Pa /etc/sampan/sampan.yaml");
  page.line(page.say("The settings file.", "配置文件。"));
  page.line(".It Pa /etc/sampan/conf.d/*.yaml");
  page.line(page.say("What is read after it.", "其后读取的文件。"));
  page.line(".El");
  page.line(page.say(".Sh EXAMPLES", ".Sh 示例"));
  page.line(page.say("All that a clinic needs:", "一家卫生院所需的全部配置："));
  page.line(".Bd -literal -offset indent");
  for (const char* line : {"site: Qingshan Township Clinic", "ae_title: SAMPAN", "destinations:", "  - name: lead",
                           "    dimse: PACS@192.0.2.10:104"})
    page.line(line);
  page.line(".Ed");
  page.line(page.say(".Sh SEE ALSO", ".Sh 参见"));
  page.line(".Xr sampan 1 ,");
  page.line(".Xr sampand 8");
}

std::string example_of(const Option& option) {
  if (!option.initial.empty()) return std::string(option.initial);
  if (!option.from.empty()) return std::string(find_option(option.from)->initial);
  switch (option.kind) {
    case Kind::group:
    case Kind::list: return {};
    case Kind::text: return option.most < 32 ? "QS-" : "Qingshan Township Clinic";
    case Kind::name: return "lead";
    case Kind::ae_title: return "CT_ROOM1";
    case Kind::integer: return std::to_string(option.least);
    case Kind::boolean: return "true";
    case Kind::choice: return std::string(option.choices.substr(0, option.choices.find('|')));
    case Kind::path:
      return option.path == "intake.folders[].path" ? "/srv/sampan/in" : option.path == "destinations[].folder" ? "/srv/sampan/out" : "/srv/sampan";
    case Kind::ip_address: return "192.0.2.21";
    case Kind::uid: return "1.2.840.10008.1.2.1";
    case Kind::hours: return "18:00-08:00";
    case Kind::url: return "https://lead.example/dicom-web/studies";
    case Kind::dimse_address: return "PACS@192.0.2.10:104";
  }
  return {};
}

// Of the sample: with a value that stands, so that the file loads.
bool stands(const Option& option) {
  constexpr std::array needed{"site", "destinations", "destinations[].name", "destinations[].dimse"};
  for (const std::string_view path : needed)
    if (option.path == path) return true;
  return option.kind == Kind::group && option.path.find("[]") == std::string_view::npos;
}

class Sample {
 public:
  std::string text() {
    line("## Every option there is, made from the table of options. A line that begins with a single # is an option that is not");
    line("## used: take the # away. conf.d/*.yaml beside this file is read after it. Check it: sampan config check");
    line("## 全部选项。以单个 # 开头的行是未启用的选项，去掉 # 即启用。修改后请检查：sampan config check");
    group("", 0, false);
    return std::move(text_);
  }

 private:
  void line(const std::string& words) { text_ += words + "\n"; }

  // dash: the first option opens an element of a list.
  void group(const std::string& schema, std::size_t depth, bool dash) {
    for (const Option& option : option_table()) {
      if (!is_child(option.path, schema)) continue;
      if (depth == 0) line("");
      one(option, depth, dash);
      dash = false;
    }
  }

  void one(const Option& option, std::size_t depth, bool dash) {
    const std::string indent(depth * 2, ' ');
    const Described en = describe(option, Lang::en), zh = describe(option, Lang::zh);
    line("##" + indent + " " + en.words + (rule_of(en, Lang::en).empty() ? "" : " " + rule_of(en, Lang::en)));
    line("##" + indent + " " + zh.words);
    const std::string mark = stands(option) ? "" : "#";
    const std::string lead = dash ? indent.substr(2) + "- " : indent;
    const std::string value = example_of(option);
    line(mark + lead + std::string(leaf(option.path)) + ":" + (value.empty() || option.kind == Kind::list ? "" : " " + value));
    if (option.kind == Kind::group) group(std::string(option.path), depth + 1, false);
    if (option.kind == Kind::list) list(option, depth + 1);
  }

  void list(const Option& option, std::size_t depth) {
    const std::string schema = std::string(option.path) + "[]";
    const Option& each = *find_option(schema);
    const std::size_t before = text_.size();
    group(schema, depth + 1, true);
    if (text_.size() == before) line("#" + std::string(depth * 2, ' ') + "- " + example_of(each));
  }

  std::string text_;
};

}  // namespace

Described describe(const Option& option, Lang lang) {
  const bool zh = lang == Lang::zh;
  Described described;
  described.path = option.path;
  described.words = zh ? option.zh : option.en;
  if (option.kind != Kind::group) described.type = expected(option).in(lang);
  if (!option.initial.empty())
    described.initial = zh ? "默认 " + std::string(option.initial) : std::string(option.initial) + " by default";
  if (!option.from.empty())
    described.initial = zh ? "默认同 " + std::string(option.from) : "as " + std::string(option.from) + " by default";
  const auto note = [&](const char* en_words, const char* zh_words) {
    described.notes += (described.notes.empty() ? "" : zh ? "；" : "; ") + std::string(zh ? zh_words : en_words);
  };
  if (option.required) note("required", "必填");
  if (option.restart) note("takes effect after a restart", "重启后生效");
  if (option.secret) note("never shown", "不会显示");
  return described;
}

std::vector<Described> fixed_limits(Lang lang) {
  std::vector<Described> all;
  for (const core::Limit& limit : core::limit_table())
    all.push_back({std::string(limit.name), {}, limit.value, {}, std::string(lang == Lang::zh ? limit.zh : limit.en)});
  return all;
}

std::string reference(Lang lang) {
  Page page{lang};
  for (const auto& [en, zh] : paragraphs) page.line(std::string(page.say(en, zh)) + "\n");
  for (const Option& option : option_table()) {
    const Described described = describe(option, lang);
    page.line(described.path);
    page.line("    " + described.words);
    if (const std::string rule = rule_of(described, lang); !rule.empty()) page.line("    " + rule);
  }
  page.line(std::string("\n") + page.say("Fixed limits", "固定上限"));
  for (const Described& limit : fixed_limits(lang)) {
    page.line(limit.path + " = " + limit.initial);
    page.line("    " + limit.words);
  }
  return page.text;
}

std::string manual(Lang lang) {
  Page page{lang};
  page.line(".\\\" SPDX-License-Identifier: Apache-2.0");
  page.line(".\\\" Made from the table of options: SAMPAN_UPDATE=1 unit_settings writes it again.");
  page.line(".Dd November 26, 2026");
  page.line(".Dt SAMPAN.YAML 5");
  page.line(".Os sampan");
  page.line(page.say(".Sh NAME", ".Sh 名称"));
  page.line(".Nm sampan.yaml");
  page.line(page.say(".Nd settings of sampand", ".Nd sampand 的配置文件"));
  page.line(page.say(".Sh DESCRIPTION", ".Sh 说明"));
  bool first = true;
  for (const auto& [en, zh] : paragraphs) {
    if (!std::exchange(first, false)) page.line(".Pp");
    page.line(roff(page.say(en, zh)));
  }
  manual_options(page);
  manual_limits(page);
  manual_end(page);
  return page.text;
}

std::string full_sample() { return Sample().text(); }

}  // namespace sampan::settings
