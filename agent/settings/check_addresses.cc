// SPDX-License-Identifier: Apache-2.0
#include "settings/check_addresses.h"

#include <algorithm>
#include <string_view>

namespace sampan::settings {
namespace {

bool is_any(std::string_view host) { return host == "0.0.0.0" || host == "::"; }
// As it is written; value.cc has seen to it that what looks like an address is one.
bool is_loopback(std::string_view host) {
  const bool numeric = std::ranges::all_of(host, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  return host == "localhost" || host == "::1" || (numeric && host.starts_with("127."));
}

// Nobody else can be there: an intake that listens everywhere has the port of every address of this machine.
bool is_ours(const DimseAddress& to, const Intake& intake) {
  if (!intake.enabled || to.port != intake.port) return false;
  const bool here = is_loopback(to.host) || is_any(to.host);
  if (is_any(intake.listen)) return here;
  return to.host == intake.listen || (is_loopback(intake.listen) && (to.host == "localhost" || is_any(to.host)));
}

std::string_view host_of(std::string_view url) {
  url.remove_prefix(std::min(url.find("://") + 3, url.size()));
  if (url.starts_with('[')) return url.substr(1, url.find(']') - 1);
  return url.substr(0, url.find_first_of(":/?"));
}
bool is_clear(std::string_view url) { return url.starts_with("http:") && !is_loopback(host_of(url)); }

}  // namespace

void check_addresses(const Settings& settings, const Destination& destination, const std::string& path, const Complain& complain) {
  if (destination.dimse && is_ours(*destination.dimse, settings.intake))
    complain(path + ".dimse", {"this is the address of this node itself, expected that of the next one", "这是本节点自己的地址，应为下一级的地址"});
  const std::string& url = destination.stow.empty() ? destination.http : destination.stow;
  if (destination.auth != Auth{} && is_clear(url))
    complain(path + ".auth", {"auth with an address of http: what is secret would go in the clear, expected one of https",
                              "有 auth 而地址是 http：口令会以明文传输，应为 https"});
  if (is_clear(destination.auth.oauth2.token_url))
    complain(path + ".auth.oauth2.token_url", {"the token is asked for over http: what is secret would go in the clear, expected https",
                                               "通过 http 获取令牌：口令会以明文传输，应为 https"});
}

}  // namespace sampan::settings
