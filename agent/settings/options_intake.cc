// SPDX-License-Identifier: Apache-2.0
// How images come in over DICOM.
#include <array>

#include "settings/option_groups.h"

namespace sampan::settings {
namespace {

using S = Settings;
using V = const Value&;

// clang-format off
constexpr std::array table{
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
    Option{.path = "intake.ae_titles", .kind = Kind::list, .from = "ae_title",
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
    Option{.path = "intake.commit_on", .kind = Kind::choice, .initial = "accepted", .choices = "accepted|archived",
           .en = "When a modality that asks (storage commitment) is told that its image is kept: accepted, once it is safe on this disk; archived, once every required destination proved it.",
           .zh = "设备请求存储承诺时何时答复已保存：accepted 为本机磁盘已安全保存，archived 为所有必需目的地均已证明归档。",
           .set = [](S& s, V v) { s.intake.commit_on = v.text == "archived" ? CommitOn::archived : CommitOn::accepted; }},
    Option{.path = "intake.report_to", .kind = Kind::list,
           .en = "Where modalities are called back with reports of storage commitment; without it, only on the connection that asked.",
           .zh = "回呼设备发送存储承诺报告的地址列表；不填则只在提出请求的连接上答复。"},
    Option{.path = "intake.report_to[]", .kind = Kind::dimse_address,
           .en = "The AE title of a modality, and where it listens.", .zh = "设备的 AE 标题及其监听地址，写作 AE@主机:端口。",
           .set = [](S& s, V v) { s.intake.report_to.push_back(v.dimse); }},
};
// clang-format on

}  // namespace

std::span<const Option> intake_options() { return table; }

}  // namespace sampan::settings
