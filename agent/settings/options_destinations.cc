// SPDX-License-Identifier: Apache-2.0
// Next hops, and what each must prove.
#include <array>

#include "settings/option_groups.h"

namespace sampan::settings {
namespace {

using S = Settings;
using V = const Value&;

ProofBy proof_from(std::string_view name) {
  if (name == "commitment") return ProofBy::commitment;
  if (name == "query") return ProofBy::query;
  return name == "none" ? ProofBy::none : ProofBy::automatic;
}

// clang-format off
constexpr std::array table{
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
           .en = "A folder that gets every image as a file. Below /srv/sampan the service may write; any other place needs a drop-in: man sampand, FOLDERS. While a disk that was mounted there is not, or once the folder is another one, images wait; an empty file .incoming/folder-id in it says that it is meant.",
           .zh = "以文件方式存放图像的目录。/srv/sampan 之下可直接使用，其他位置须另行授权，见 man sampand 的“目录”一节。若曾挂载于此的磁盘未挂载，或目录已换成另一个，图像会等待；在其中建立空文件 .incoming/folder-id 即表示确用此目录。",
           .set = [](S& s, V v) { s.destinations.back().folder = v.text; }},
    Option{.path = "destinations[].stow", .kind = Kind::url, .most = url_bytes_max,
           .en = "A DICOMweb service reached by STOW-RS: the address of its studies.",
           .zh = "以 STOW-RS 接收的 DICOMweb 服务，填写其 studies 地址。",
           .set = [](S& s, V v) { s.destinations.back().stow = v.text; }},
    Option{.path = "destinations[].http", .kind = Kind::url, .most = url_bytes_max,
           .en = "A service that gets telemetry as JSON by POST, several items in one.", .zh = "以 HTTP POST 接收 JSON 状态数据的服务，一次可含多条。",
           .set = [](S& s, V v) { s.destinations.back().http = v.text; }},
    Option{.path = "destinations[].takes", .kind = Kind::list,
           .en = "What is carried to it; without it images, plain files too where it is a folder, telemetry where it is http.",
           .zh = "送往该目的地的内容；不填则为图像，目录类还包括普通文件，http 类为状态数据。"},
    Option{.path = "destinations[].takes[]", .kind = Kind::choice, .choices = "images|files|telemetry",
           .en = "A kind of cargo.", .zh = "一种内容。",
           .set = [](S& s, V v) { s.destinations.back().takes.push_back(cargo_from(v.text)); }},
    Option{.path = "destinations[].calling_ae", .kind = Kind::ae_title, .from = "ae_title",
           .en = "AE title to call it with; without it, ae_title.", .zh = "呼叫时使用的 AE 标题；不填则用 ae_title。",
           .set = [](S& s, V v) { s.destinations.back().calling_ae = v.text; }},
    Option{.path = "destinations[].lanes", .kind = Kind::integer, .initial = "2", .least = 1,
           .most = core::limits::lanes_max,
           .en = "Connections used at the same time.", .zh = "同时使用的连接数。",
           .set = [](S& s, V v) { s.destinations.back().lanes = static_cast<unsigned>(v.number); }},
    Option{.path = "destinations[].reclaim_after", .kind = Kind::choice, .initial = "archived",
           .choices = "archived|accepted",
           .en = "What must be proven before the local copy may go: archived at the hospital, or merely accepted, where retention_days "
                 "is said as well.",
           .zh = "删除本地副本前须得到的证明：archived 为医院已归档确认，accepted 为对方仅已接收，此时须同时填写 retention_days。",
           .set = [](S& s, V v) {
             s.destinations.back().reclaim_after =
                 v.text == "accepted" ? ReclaimAfter::accepted : ReclaimAfter::archived;
           }},
    Option{.path = "destinations[].proof", .kind = Kind::choice, .initial = "auto", .choices = "auto|commitment|query|none",
           .en = "How it is asked whether it keeps an image: storage commitment, a query, or auto, whichever it offers.",
           .zh = "如何确认对方已归档：commitment 为存储承诺，query 为查询，auto 按对方支持的方式，none 为不询问。",
           .set = [](S& s, V v) { s.destinations.back().proof = proof_from(v.text); }},
    Option{.path = "destinations[].retention_days", .kind = Kind::integer, .initial = "30", .least = 0, .most = 36500,
           .en = "Days the local copy stays after that proof.", .zh = "得到证明后本地副本继续保留的天数。",
           .set = [](S& s, V v) { s.destinations.back().retention_days = static_cast<unsigned>(v.number); }},
    Option{.path = "destinations[].required", .kind = Kind::boolean, .initial = "true",
           .en = "Whether the local copy must wait for this destination's proof.",
           .zh = "本地副本是否须等待该目的地的证明。",
           .set = [](S& s, V v) { s.destinations.back().required = v.number != 0; }},
};
// clang-format on

}  // namespace

std::span<const Option> destinations_options() { return table; }

}  // namespace sampan::settings
