// SPDX-License-Identifier: Apache-2.0
#include "settings/options.h"

#include <algorithm>
#include <array>

namespace sampan::settings {
namespace {

using S = Settings;
using V = const Value&;

constexpr std::int64_t socket_path_bytes_max = 107;  // sun_path of unix(7), less its NUL
constexpr std::int64_t url_bytes_max = 2000;         // what common servers take in a request line
constexpr std::int64_t path_bytes_max = 4000;        // PATH_MAX of Linux, with room for our own names below it

core::Priority priority_from(std::string_view name) {
  for (const auto p : {core::Priority::emergency, core::Priority::referral, core::Priority::bulk})
    if (core::to_string(p) == name) return p;
  return core::Priority::routine;
}

Watch watch_from(std::string_view name) {
  return name == "inotify" ? Watch::inotify : name == "poll" ? Watch::poll : Watch::automatic;
}

// clang-format off
constexpr std::array table{
    Option{.path = "site", .kind = Kind::text, .required = true, .least = 1, .most = 64,
           .en = "Name of this clinic, as people know it.", .zh = "本机构名称。",
           .set = [](S& s, V v) { s.site = v.text; }},
    Option{.path = "ae_title", .kind = Kind::ae_title, .initial = "SAMPAN",
           .en = "AE title of this node; the modality's console sends to it. Case matters.",
           .zh = "本机的 AE 标题，设备控制台向它发送图像；区分大小写。",
           .set = [](S& s, V v) { s.ae_title = v.text; }},
    Option{.path = "state_directory", .kind = Kind::path, .initial = "/var/lib/sampan", .most = path_bytes_max,
           .en = "Folder of everything this node keeps; put it on the disk with the most room.",
           .zh = "本机保存全部数据的目录，请放在空间最大的磁盘上。",
           .set = [](S& s, V v) { s.state_directory = v.text; }},

    Option{.path = "intake", .kind = Kind::group, .en = "How images come in.", .zh = "如何接收图像。"},
    Option{.path = "intake.enabled", .kind = Kind::boolean, .initial = "true",
           .en = "Whether images are received over DICOM.", .zh = "是否通过 DICOM 接收图像。",
           .set = [](S& s, V v) { s.intake.enabled = v.number != 0; }},
    Option{.path = "intake.listen", .kind = Kind::ip_address, .initial = "0.0.0.0",
           .en = "Address to listen on; 0.0.0.0 is every IPv4 address of this machine.",
           .zh = "监听地址；0.0.0.0 表示本机所有 IPv4 地址。", .set = [](S& s, V v) { s.intake.listen = v.text; }},
    Option{.path = "intake.port", .kind = Kind::integer, .initial = "11112", .least = 0, .most = 65535,
           .en = "TCP port to listen on; 0 takes any free one.", .zh = "监听的 TCP 端口；0 表示任意空闲端口。",
           .set = [](S& s, V v) { s.intake.port = static_cast<std::uint16_t>(v.number); }},
    Option{.path = "intake.ae_titles", .kind = Kind::list,
           .en = "AE titles to answer as; without it, ae_title alone.", .zh = "应答的 AE 标题列表；不填则只用 ae_title。"},
    Option{.path = "intake.ae_titles[]", .kind = Kind::ae_title, .en = "An AE title.", .zh = "一个 AE 标题。",
           .set = [](S& s, V v) { s.intake.ae_titles.push_back({v.text, {}}); }},
    Option{.path = "intake.ae_titles[].title", .kind = Kind::ae_title, .required = true,
           .en = "An AE title.", .zh = "一个 AE 标题。",
           .set = [](S& s, V v) { s.intake.ae_titles.back().title = v.text; }},
    Option{.path = "intake.ae_titles[].priority", .kind = Kind::choice, .choices = "emergency|referral|routine|bulk",
           .en = "Priority of images sent to this title.", .zh = "发送到该标题的图像的优先级。",
           .set = [](S& s, V v) { s.intake.ae_titles.back().priority = priority_from(v.text); }},
    Option{.path = "intake.callers", .kind = Kind::list,
           .en = "Senders that are let in; without it, everyone is.", .zh = "允许的发送设备列表；不填则全部允许。"},
    Option{.path = "intake.callers[]", .kind = Kind::group, .en = "A sender.", .zh = "一台发送设备。",
           .set = [](S& s, V) { s.intake.callers.emplace_back(); }},
    Option{.path = "intake.callers[].ae_title", .kind = Kind::ae_title,
           .en = "Its AE title; without it, any.", .zh = "设备的 AE 标题；不填则任意。",
           .set = [](S& s, V v) { s.intake.callers.back().ae_title = v.text; }},
    Option{.path = "intake.callers[].address", .kind = Kind::ip_address,
           .en = "Its IP address; without it, any.", .zh = "设备的 IP 地址；不填则任意。",
           .set = [](S& s, V v) { s.intake.callers.back().address = v.text; }},
    Option{.path = "intake.accept", .kind = Kind::list,
           .en = "Transfer syntaxes that are accepted; without it, every one.", .zh = "接受的传输语法列表；不填则全部接受。"},
    Option{.path = "intake.accept[]", .kind = Kind::uid, .en = "A transfer syntax UID.", .zh = "一个传输语法 UID。",
           .set = [](S& s, V v) { s.intake.accept.push_back(v.text); }},
    Option{.path = "intake.associations_max", .kind = Kind::integer, .initial = "32", .least = 1, .most = 1024,
           .en = "Connections of modalities at the same time.", .zh = "设备同时连接数上限。",
           .set = [](S& s, V v) { s.intake.associations_max = static_cast<unsigned>(v.number); }},
    Option{.path = "intake.associations_per_host_max", .kind = Kind::integer, .initial = "16", .least = 1, .most = 1024,
           .en = "Of these, from one address.", .zh = "其中来自同一地址的上限。",
           .set = [](S& s, V v) { s.intake.associations_per_host_max = static_cast<unsigned>(v.number); }},
    Option{.path = "intake.idle_seconds_max", .kind = Kind::integer, .initial = "300", .least = 5, .most = 86400,
           .en = "A connection that is silent for so many seconds is closed.", .zh = "连接静默超过该秒数即关闭。",
           .set = [](S& s, V v) { s.intake.idle_seconds_max = static_cast<unsigned>(v.number); }},
    Option{.path = "intake.pdu_bytes_max", .kind = Kind::integer, .initial = "131072",
           .least = core::limits::pdu_bytes_min, .most = core::limits::pdu_bytes_max,
           .en = "Largest PDU offered to the modality, in bytes.", .zh = "向设备提出的最大 PDU 字节数。",
           .set = [](S& s, V v) { s.intake.pdu_bytes_max = static_cast<std::uint32_t>(v.number); }},
    Option{.path = "intake.folders", .kind = Kind::list,
           .en = "Folders whose files are taken in and then removed.", .zh = "文件自动接收的目录；接收后从目录中移除。"},
    Option{.path = "intake.folders[]", .kind = Kind::group, .en = "A folder, with everything below it.", .zh = "一个目录，含其子目录。",
           .set = [](S& s, V) { s.intake.folders.emplace_back(); }},
    Option{.path = "intake.folders[].path", .kind = Kind::path, .required = true, .most = path_bytes_max,
           .en = "Where it is; files in it must be ours to remove.", .zh = "目录位置；本程序须有权移除其中的文件。",
           .set = [](S& s, V v) { s.intake.folders.back().path = v.text; }},
    Option{.path = "intake.folders[].ae_title", .kind = Kind::ae_title,
           .en = "Stands for the sender of its files in rules; without it, ae_title.",
           .zh = "在规则中代表其文件的发送方；不填则用 ae_title。",
           .set = [](S& s, V v) { s.intake.folders.back().ae_title = v.text; }},
    Option{.path = "intake.folders[].watch", .kind = Kind::choice, .initial = "auto", .choices = "auto|inotify|poll",
           .en = "How new files are noticed: inotify on a local disk, poll on a network share; auto finds out.",
           .zh = "发现新文件的方式：本地磁盘用 inotify，网络共享用 poll；auto 自动判断。",
           .set = [](S& s, V v) { s.intake.folders.back().watch = watch_from(v.text); }},
    Option{.path = "intake.folders[].stable_seconds", .kind = Kind::integer, .initial = "5", .least = 1, .most = 3600,
           .en = "A file that nobody announced as complete is taken when it was the same for so many seconds.",
           .zh = "未得知已写完的文件，大小和时间保持不变达该秒数后才接收。",
           .set = [](S& s, V v) { s.intake.folders.back().stable_seconds = static_cast<unsigned>(v.number); }},
    Option{.path = "intake.folders[].after", .kind = Kind::choice, .initial = "remove", .choices = "remove|keep",
           .en = "What becomes of a file that was taken: removed, or moved to .sampan-done in this folder.",
           .zh = "接收后的原文件：remove 为移除，keep 为移到该目录下的 .sampan-done。",
           .set = [](S& s, V v) { s.intake.folders.back().keep = v.text == "keep"; }},
    Option{.path = "intake.folders[].carry", .kind = Kind::choice, .initial = "dicom", .choices = "dicom|any",
           .en = "What is taken: DICOM alone, or any file, to be delivered into folder destinations as it is.",
           .zh = "接收的内容：dicom 为仅 DICOM 文件，any 为任何文件，其他文件原样送到目录类目的地。",
           .set = [](S& s, V v) { s.intake.folders.back().carry_any = v.text == "any"; }},

    Option{.path = "destinations", .kind = Kind::list, .required = true,
           .en = "Where every image is carried to.", .zh = "图像的上传目的地。"},
    Option{.path = "destinations[]", .kind = Kind::group, .en = "A next hop, by one courier.", .zh = "一个目的地。",
           .set = [](S& s, V) { s.destinations.emplace_back(); }},
    Option{.path = "destinations[].name", .kind = Kind::name, .required = true, .least = 1, .most = 32,
           .en = "Short name for people; waiting images remember it, so do not reuse it for another place.",
           .zh = "简短名称；待传图像按它记录去向，请勿改作他用。",
           .set = [](S& s, V v) { s.destinations.back().name = v.text; }},
    Option{.path = "destinations[].dimse", .kind = Kind::dimse_address,
           .en = "A PACS reached by C-STORE.", .zh = "以 C-STORE 接收的 PACS，写作 AE@主机:端口。",
           .set = [](S& s, V v) { s.destinations.back().dimse = v.dimse; }},
    Option{.path = "destinations[].folder", .kind = Kind::path, .most = path_bytes_max,
           .en = "A folder that gets every image as a file.", .zh = "以文件方式存放图像的目录。",
           .set = [](S& s, V v) { s.destinations.back().folder = v.text; }},
    Option{.path = "destinations[].stow", .kind = Kind::url, .most = url_bytes_max,
           .en = "A DICOMweb service reached by STOW-RS: the address of its studies.",
           .zh = "以 STOW-RS 接收的 DICOMweb 服务，填写其 studies 地址。",
           .set = [](S& s, V v) { s.destinations.back().stow = v.text; }},
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
    Option{.path = "destinations[].calling_ae", .kind = Kind::ae_title,
           .en = "AE title to call it with; without it, ae_title.", .zh = "呼叫时使用的 AE 标题；不填则用 ae_title。",
           .set = [](S& s, V v) { s.destinations.back().calling_ae = v.text; }},
    Option{.path = "destinations[].lanes", .kind = Kind::integer, .initial = "2", .least = 1,
           .most = core::limits::lanes_max,
           .en = "Connections used at the same time.", .zh = "同时使用的连接数。",
           .set = [](S& s, V v) { s.destinations.back().lanes = static_cast<unsigned>(v.number); }},
    Option{.path = "destinations[].reclaim_after", .kind = Kind::choice, .initial = "archived",
           .choices = "archived|accepted",
           .en = "What must be proven before the local copy may go: archived at the hospital, or merely accepted.",
           .zh = "删除本地副本前须得到的证明：archived 为医院已归档确认，accepted 为对方仅已接收。",
           .set = [](S& s, V v) {
             s.destinations.back().reclaim_after =
                 v.text == "accepted" ? ReclaimAfter::accepted : ReclaimAfter::archived;
           }},
    Option{.path = "destinations[].retention_days", .kind = Kind::integer, .initial = "30", .least = 0, .most = 36500,
           .en = "Days the local copy stays after that proof.", .zh = "得到证明后本地副本继续保留的天数。",
           .set = [](S& s, V v) { s.destinations.back().retention_days = static_cast<unsigned>(v.number); }},
    Option{.path = "destinations[].required", .kind = Kind::boolean, .initial = "true",
           .en = "Whether the local copy must wait for this destination's proof.",
           .zh = "本地副本是否须等待该目的地的证明。",
           .set = [](S& s, V v) { s.destinations.back().required = v.number != 0; }},

    Option{.path = "control", .kind = Kind::group, .en = "How the sampan command reaches the daemon.",
           .zh = "sampan 命令与服务的通信方式。"},
    Option{.path = "control.socket", .kind = Kind::path, .initial = "/run/sampan/control.sock",
           .most = socket_path_bytes_max, .en = "The unix socket it listens on.", .zh = "监听的 unix 套接字。",
           .set = [](S& s, V v) { s.control_socket = v.text; }},
    Option{.path = "log", .kind = Kind::group, .en = "What the daemon writes down.", .zh = "日志。"},
    Option{.path = "log.level", .kind = Kind::choice, .initial = "info", .choices = "debug|info|warn|error",
           .en = "The least severity that is logged.", .zh = "记录的最低级别。",
           .set = [](S& s, V v) { s.log_level = v.text; }},
};
// clang-format on

}  // namespace

std::span<const Option> option_table() { return table; }

const Option* find_option(std::string_view path) {
  const auto at = std::find_if(table.begin(), table.end(), [&](const Option& o) { return o.path == path; });
  return at == table.end() ? nullptr : &*at;
}

std::string_view leaf(std::string_view path) {
  const auto dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

bool is_child(std::string_view path, std::string_view group) {
  if (path.ends_with("[]")) return false;
  const std::string_view name = leaf(path);
  if (group.empty()) return name.size() == path.size();
  return path.size() == group.size() + 1 + name.size() && path.starts_with(group);
}

}  // namespace sampan::settings
