// SPDX-License-Identifier: Apache-2.0
#include "control/refusal.h"

#include <nlohmann/json.hpp>

#include "control/status_json.h"

namespace sampan::control {

Refusal not_found_yet() {
  return {503, "rebuilding", "not found yet: the index is not complete (images have just arrived, it is being rebuilt, or the disk does not read it); ask again in a moment",
          "暂未找到：索引尚不完整（刚收到图像、正在重建，或磁盘读取失败），请稍候再查"};
}

std::string refusal_json(const Refusal& refusal) {
  return flat_json({{"code", refusal.code}, {"error", refusal.en}, {"zh", refusal.zh}});
}

Result<Refusal> parse_refusal(std::string_view json) {
  try {
    const auto in = nlohmann::json::parse(json);
    Refusal refusal;
    refusal.code = in.at("code").get<std::string>();
    refusal.en = in.at("error").get<std::string>();
    refusal.zh = in.value("zh", refusal.en);
    return refusal;
  } catch (const nlohmann::json::exception&) {
    return fail(Errc::damaged, "the answer is not a refusal this version understands");
  }
}

}  // namespace sampan::control
