// SPDX-License-Identifier: Apache-2.0
#include "settings/named_files.h"

#include <array>

#include "base/file.h"
#include "core/limits.h"
#include "settings/options.h"

namespace sampan::settings {
namespace {

enum class What { certificate, key, secret };

struct Named {
  std::string_view leaf;
  What what;
};
constexpr std::array named{Named{"ca_file", What::certificate},   Named{"certificate", What::certificate}, Named{"key", What::key},
                           Named{"bearer_file", What::secret},    Named{"password_file", What::secret},    Named{"client_secret_file", What::secret}};

bool is_one_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return !text.empty() && text.find('\n') == text.npos;
}

// Nothing where it is what it should be.
Words wrong(What what, std::string_view text) {
  const auto holds = [text](const char* words) { return text.find(words) != text.npos; };
  if (what == What::certificate && !(holds("-----BEGIN") && holds("CERTIFICATE-----"))) return {"holds no certificate, expected one in PEM", "不是证书文件，应为 PEM 格式的证书"};
  if (what == What::key && !holds("PRIVATE KEY-----")) return {"holds no private key, expected one in PEM", "不是私钥文件，应为 PEM 格式的私钥"};
  if (what == What::secret && !is_one_line(text)) return {"does not hold one line of text, expected the password or token alone", "内容不是一行文字，应只有密码或令牌"};
  return {};
}

Words judge(What what, const std::string& file) {
  const auto bytes = read_whole(disk(), file, core::limits::settings_bytes_max);
  if (bytes) return wrong(what, as_text(*bytes));
  if (bytes.error().code == Errc::not_found) return {"does not exist, expected a file", "不存在，应为文件"};
  return {};
}

}  // namespace

void check_named_files(Reading& reading) {
  for (const auto& [path, entry] : reading.entries) {
    if (entry.option == nullptr || entry.option->kind != Kind::path || entry.text.empty()) continue;
    for (const Named& one : named) {
      if (leaf(entry.option->path) != one.leaf) continue;
      if (const Words words = judge(one.what, entry.text); !words.en.empty())
        reading.problems.push_back({entry.place, {path + ": " + entry.text + " " + words.en, path + "：" + entry.text + " " + words.zh}});
    }
  }
}

}  // namespace sampan::settings
