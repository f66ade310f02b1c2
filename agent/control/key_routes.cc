// SPDX-License-Identifier: Apache-2.0
#include "control/key_routes.h"

#include "control/peer_may.h"
#include "control/status_json.h"

namespace sampan::control {
namespace {

http::Response refused(const Error& error) {
  if (error.code == Errc::not_found) return refuse({404, "not_found", error.message, "尚未生成恢复密钥"});
  if (error.code == Errc::limit) return refuse({409, "limit", error.message, "密钥数已达上限"});
  return refuse({503, "not_written", "the keyring could not be written, and is as it was: " + error.message, "密钥环未能写入，保持原样：" + error.message});
}

}  // namespace

http::Response serve_key_recovery(const Handlers& handlers, const Call& call) {
  if (handlers.keys == nullptr) return absent();
  if (!is_root_or_own(call.request)) return only_root();
  auto made = handlers.keys->make_recovery();
  return made ? answer(recovery_json(*made)) : refused(made.error());
}

http::Response serve_key_handed_out(const Handlers& handlers, const Call& call) {
  if (handlers.keys == nullptr) return absent();
  if (!is_root_or_own(call.request)) return only_root();
  const Status done = handlers.keys->handed_out();
  return done ? answer(key_json(handlers.keys->status())) : refused(done.error());
}

http::Response serve_key_rotate(const Handlers& handlers, const Call& call) {
  if (handlers.keys == nullptr) return absent();
  if (!is_root_or_own(call.request)) return only_root();
  const Status done = handlers.keys->rotate();
  return done ? answer(key_json(handlers.keys->status())) : refused(done.error());
}

}  // namespace sampan::control
