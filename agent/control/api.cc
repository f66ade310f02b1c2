// SPDX-License-Identifier: Apache-2.0
#include "control/api.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sampan::control {
namespace {

// The words of one flat JSON object; nothing when it is anything else. No body says nothing.
std::optional<std::map<std::string, std::string>> words_of_body(const std::string& body) {
  std::map<std::string, std::string> words;
  if (body.empty()) return words;
  const auto in = nlohmann::json::parse(body, nullptr, false);
  if (!in.is_object()) return {};
  for (const auto& [name, value] : in.items()) {
    if (value.is_string())
      words[name] = value.get<std::string>();
    else if (value.is_boolean() || value.is_number())
      words[name] = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    else if (!value.is_null())
      return {};
  }
  return words;
}

http::Response serve(const Route& route, const Handlers& handlers, const http::Request& request) {
  if (route.method == "GET") return route.serve(handlers, {request, request.query});
  auto words = words_of_body(request.body);
  if (!words) return refuse({400, "bad_body", "the body is not a flat JSON object", "请求内容不是简单的 JSON 对象"});
  return route.serve(handlers, {request, std::move(*words)});
}

}  // namespace

http::Response answer(std::string json) {
  http::Response response;
  response.body = std::move(json);
  return response;
}

http::Response refuse(const Refusal& refusal) {
  http::Response response = answer(refusal_json(refusal));
  response.status = refusal.status;
  return response;
}

http::Response absent() { return refuse({404, "absent", "this node has no such thing", "本机没有此功能"}); }

std::string_view to_string(Role role) {
  switch (role) {
    case Role::viewer:
      return "viewer";
    case Role::technician:
      return "operator";
    case Role::admin:
      return "admin";
  }
  return "admin";
}

http::TakingTime Api::taking_time() {
  http::TakingTime taking_time;
  taking_time.is_slow = [](const http::Request& request) {
    return std::ranges::any_of(route_table(), [&](const Route& route) {
      return route.pace == Pace::in_turn && route.path == request.path && route.method == request.method;
    });
  };
  taking_time.not_done = refuse({503, "busy", "this was not done: other questions and orders wait for their turn; try again in a moment",
                                 "未执行：前面还有查询或命令在排队，请稍后再试"});
  return taking_time;
}

http::Response Api::handle(const http::Request& request) const {
  bool path_known = false;
  for (const Route& route : route_table()) {
    if (route.path != request.path) continue;
    path_known = true;
    if (route.method == request.method) return serve(route, handlers_, request);
  }
  return path_known ? refuse({405, "method", "method not allowed", "此路径不支持该方法"})
                    : refuse({404, "no_route", "no such route", "没有此路径"});
}

}  // namespace sampan::control
