// SPDX-License-Identifier: Apache-2.0
// What only a next hop over HTTP has: certificates, credentials, a proxy.
#include <array>

#include "settings/option_groups.h"

namespace sampan::settings {
namespace {

using S = Settings;
using V = const Value&;

// clang-format off
constexpr std::array table{
    Option{.path = "destinations[].tls", .kind = Kind::group,
           .en = "Certificates for https; whoever answers is always verified.", .zh = "https 的证书；对方证书始终验证。"},
    Option{.path = "destinations[].tls.ca_file", .kind = Kind::path, .most = path_bytes_max,
           .en = "Authorities to trust, as PEM; without it, those of the system.",
           .zh = "受信任的颁发机构（PEM）；不填则用系统的。", .set = [](S& s, V v) { s.destinations.back().tls.ca_file = v.text; }},
    Option{.path = "destinations[].tls.certificate", .kind = Kind::path, .most = path_bytes_max,
           .en = "Certificate of this node, as PEM.", .zh = "本机证书（PEM）。",
           .set = [](S& s, V v) { s.destinations.back().tls.certificate = v.text; }},
    Option{.path = "destinations[].tls.key", .kind = Kind::path, .most = path_bytes_max,
           .en = "Its private key, as PEM; without it, in the file of the certificate.",
           .zh = "其私钥（PEM）；不填则在证书文件中。", .set = [](S& s, V v) { s.destinations.back().tls.key = v.text; }},
    Option{.path = "destinations[].auth", .kind = Kind::group,
           .en = "How this node shows who it is: one of bearer_file, basic and oauth2.",
           .zh = "本机的身份认证方式：bearer_file、basic、oauth2 三者之一。"},
    Option{.path = "destinations[].auth.bearer_file", .kind = Kind::path, .most = path_bytes_max,
           .en = "A file that holds a bearer token; it may be replaced at any time.", .zh = "存放令牌的文件，可随时替换。",
           .set = [](S& s, V v) { s.destinations.back().auth.bearer_file = v.text; }},
    Option{.path = "destinations[].auth.basic", .kind = Kind::group, .en = "A user name and a password.", .zh = "用户名和密码。"},
    Option{.path = "destinations[].auth.basic.user", .kind = Kind::text, .required = true, .least = 1, .most = 256,
           .en = "The user name.", .zh = "用户名。", .set = [](S& s, V v) { s.destinations.back().auth.basic.user = v.text; }},
    Option{.path = "destinations[].auth.basic.password_file", .kind = Kind::path, .required = true, .most = path_bytes_max,
           .en = "A file that holds the password.", .zh = "存放密码的文件。",
           .set = [](S& s, V v) { s.destinations.back().auth.basic.password_file = v.text; }},
    Option{.path = "destinations[].auth.oauth2", .kind = Kind::group,
           .en = "OAuth 2.0 client credentials.", .zh = "OAuth 2.0 客户端凭据。"},
    Option{.path = "destinations[].auth.oauth2.token_url", .kind = Kind::url, .required = true, .most = url_bytes_max,
           .en = "Address of the token server.", .zh = "令牌服务器地址。",
           .set = [](S& s, V v) { s.destinations.back().auth.oauth2.token_url = v.text; }},
    Option{.path = "destinations[].auth.oauth2.client_id", .kind = Kind::text, .required = true, .least = 1, .most = 256,
           .en = "Name of this node at the token server.", .zh = "本机在令牌服务器上的客户端标识。",
           .set = [](S& s, V v) { s.destinations.back().auth.oauth2.client_id = v.text; }},
    Option{.path = "destinations[].auth.oauth2.client_secret_file", .kind = Kind::path, .required = true,
           .most = path_bytes_max, .en = "A file that holds its secret.", .zh = "存放客户端密钥的文件。",
           .set = [](S& s, V v) { s.destinations.back().auth.oauth2.client_secret_file = v.text; }},
    Option{.path = "destinations[].auth.oauth2.scope", .kind = Kind::text, .least = 1, .most = 1024,
           .en = "Scope to ask for, when the service wants one.", .zh = "请求的权限范围，按对方要求填写。",
           .set = [](S& s, V v) { s.destinations.back().auth.oauth2.scope = v.text; }},
    Option{.path = "destinations[].proxy", .kind = Kind::group,
           .en = "A proxy on the way out; without it, none is used.", .zh = "外出代理；不填则不使用。"},
    Option{.path = "destinations[].proxy.url", .kind = Kind::url, .required = true, .most = url_bytes_max,
           .en = "Address of the proxy.", .zh = "代理服务器地址。",
           .set = [](S& s, V v) { s.destinations.back().proxy.url = v.text; }},
    Option{.path = "destinations[].proxy.user", .kind = Kind::text, .least = 1, .most = 256,
           .en = "User name at the proxy.", .zh = "代理用户名。", .set = [](S& s, V v) { s.destinations.back().proxy.user = v.text; }},
    Option{.path = "destinations[].proxy.password_file", .kind = Kind::path, .most = path_bytes_max,
           .en = "A file that holds the password at the proxy.", .zh = "存放代理密码的文件。",
           .set = [](S& s, V v) { s.destinations.back().proxy.password_file = v.text; }},
};
// clang-format on

}  // namespace

std::span<const Option> destination_http_options() { return table; }

}  // namespace sampan::settings
