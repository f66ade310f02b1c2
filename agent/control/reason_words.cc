// SPDX-License-Identifier: Apache-2.0
#include "control/reason_words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace sampan::control {
namespace {

struct Phrase {
  std::string_view en, zh;
};

// What the next hop answered: policy/failure_table.cc, whose words these are. A test holds one to the other.
constexpr std::array answers{
    Phrase{"stored", "已存储"},
    Phrase{"stored, optional attributes not supported", "已存储，可选属性不受支持"},
    Phrase{"no such attribute", "对方没有该属性"},
    Phrase{"invalid attribute value", "属性值无效"},
    Phrase{"stored, some attributes not recognised", "已存储，部分属性无法识别"},
    Phrase{"processing failure at the destination", "对方处理失败"},
    Phrase{"already there", "对方已有此图像"},
    Phrase{"no such instance", "对方找不到该实例"},
    Phrase{"invalid argument value", "参数值无效"},
    Phrase{"stored, an attribute value is out of range", "已存储，某属性值超出范围"},
    Phrase{"invalid SOP instance", "SOP 实例无效"},
    Phrase{"no such SOP class", "对方没有此 SOP 类"},
    Phrase{"instance belongs to another SOP class", "实例与 SOP 类不一致"},
    Phrase{"an attribute is missing", "缺少属性"},
    Phrase{"an attribute value is missing", "缺少属性值"},
    Phrase{"SOP class not supported", "对方不支持此 SOP 类"},
    Phrase{"not authorised", "对方未授权本节点"},
    Phrase{"duplicate invocation", "消息编号重复"},
    Phrase{"destination does not know the operation", "对方不认识该操作"},
    Phrase{"mistyped argument", "参数类型错误"},
    Phrase{"resource limitation", "对方资源受限"},
    Phrase{"out of resources", "对方资源不足（可能磁盘已满）"},
    Phrase{"data set does not match SOP class", "数据集与 SOP 类不符"},
    Phrase{"stored, data elements coerced", "已存储，对方修改了部分数据元素"},
    Phrase{"stored, elements discarded", "已存储，对方丢弃了部分元素"},
    Phrase{"stored, data set does not match SOP class", "已存储，数据集与 SOP 类不符"},
    Phrase{"stored with a warning", "已存储，附带警告"},
    Phrase{"cannot understand", "对方无法理解该图像"},
    Phrase{"cancelled by the destination", "对方取消了操作"},
    Phrase{"answered without a final status", "对方未给出最终状态"},
    Phrase{"unknown status", "未知状态码"},
    Phrase{"no reason given", "未说明原因"},
    Phrase{"application context not supported", "不支持应用上下文"},
    Phrase{"calling AE title not recognised", "对方不认识主叫 AE 标题"},
    Phrase{"called AE title not recognised", "对方 AE 标题填写错误"},
    Phrase{"protocol version not supported", "不支持协议版本"},
    Phrase{"temporary congestion", "对方暂时繁忙"},
    Phrase{"local limit exceeded", "对方连接数已满"},
    Phrase{"unknown reason", "未知原因"},
    Phrase{"no answer for this SOP class", "对方未答复此 SOP 类"},
    Phrase{"SOP class refused by the user", "对方拒绝此 SOP 类"},
    Phrase{"SOP class refused without a reason", "对方拒绝此 SOP 类，未说明原因"},
    Phrase{"transfer syntax not supported", "对方不支持此传输语法"},
    Phrase{"SOP class refused with an unknown result", "此 SOP 类被拒绝，原因未知"},
    Phrase{"answered without a word about this instance", "答复中没有提到此图像"},
    Phrase{"moved permanently", "地址已永久变更"},
    Phrase{"redirected", "被重定向（可能是上网认证页面）"},
    Phrase{"bad request", "请求格式有误"},
    Phrase{"not authenticated", "身份认证失败"},
    Phrase{"forbidden", "没有权限"},
    Phrase{"no such service", "对方没有此服务，请检查地址"},
    Phrase{"method not allowed", "对方不允许此方法"},
    Phrase{"no acceptable form of answer", "对方无法给出可接受的答复"},
    Phrase{"proxy authentication required", "代理服务器要求认证"},
    Phrase{"request timeout", "请求超时"},
    Phrase{"conflict, nothing stored", "内容冲突，未存储"},
    Phrase{"service gone", "对方服务已取消"},
    Phrase{"too large for the destination", "超过对方允许的大小"},
    Phrase{"address too long", "地址过长"},
    Phrase{"media type or transfer syntax not supported", "不支持该媒体类型或传输语法"},
    Phrase{"misdirected request", "请求送错了服务器"},
    Phrase{"content cannot be processed", "内容无法处理"},
    Phrase{"locked", "资源被锁定"},
    Phrase{"too early", "请求过早"},
    Phrase{"another protocol required", "对方要求其他协议"},
    Phrase{"too many requests", "请求过于频繁"},
    Phrase{"refused for legal reasons", "因法律原因被拒绝"},
    Phrase{"error at the destination", "对方服务器错误"},
    Phrase{"unknown answer", "未知答复"},
    Phrase{"failed for an unknown reason", "失败，原因未知"},
    Phrase{"no connection", "无法连接"},
    Phrase{"no answer in time", "对方未及时答复"},
    Phrase{"certificate not accepted", "证书不被接受"},
    Phrase{"somebody else answered (captive portal)", "被上网认证页面拦截"},
    Phrase{"already there with the same content", "对方已有相同内容"},
    Phrase{"there already with different content", "对方已有不同内容"},
    Phrase{"unknown trouble", "未知故障"},
};

// What this node saw or did.
constexpr std::array ours{
    Phrase{"same SOP Instance UID as an earlier image, other content", "与先到的图像编号相同（SOP Instance UID）而内容不同"},
    Phrase{"same SOP Instance UID as an earlier image, and comparing them fails",
           "与先到的图像编号相同（SOP Instance UID），但多次无法完成内容比较"},
    Phrase{"reading it stopped this program again and again; it is kept as it came", "读取该图像多次导致本程序崩溃；已原样保存，不再解析"},
    Phrase{"changing it for this destination stopped this program again and again", "为该目的地修改此图像多次导致本程序崩溃"},
    Phrase{"the exam is held by a person", "整个检查已由人工暂停"},
    Phrase{"held by a person", "已由人工暂停"},
    Phrase{"the stored copy does not verify", "本机副本校验不符"},
    Phrase{"the stored copy cannot be read", "本机副本无法读取"},
    Phrase{"interrupted", "已中断"},
    Phrase{"interrupted by this node", "已由本机中断"},
    Phrase{"broken protocol", "协议错误"},
    Phrase{"token server", "令牌服务器"},
    Phrase{"no token in the answer", "答复中没有令牌"},
    Phrase{"association rejected", "对方拒绝关联"},
    Phrase{"answer for another instance", "答复的是另一幅图像"},
    Phrase{"answer without a status", "答复没有状态码"},
    Phrase{"no answer to the connection request", "连接请求无应答"},
    Phrase{"no answer to the association request", "关联请求无应答"},
    Phrase{"nobody answers there", "该地址无人应答"},
    Phrase{"the host name is unknown", "主机名无法解析"},
    Phrase{"the folder is not the one that images went to before: its disk is not mounted, or it was emptied",
           "该目录不是先前存放图像的目录：其磁盘未挂载，或目录已被清空（确要改用新目录，请在其中建立 .incoming 子目录）"},
    Phrase{"the name of the proxy is unknown", "代理服务器名称无法解析"},
    Phrase{"the address is neither a name nor an IPv4 address", "地址既不是主机名也不是 IPv4 地址"},
    Phrase{"the address is not a URL", "地址不是 URL"},
    Phrase{"the connection was cut during the association request", "关联请求期间连接中断"},
    Phrase{"the connection was cut while sending", "发送时连接中断"},
    Phrase{"the connection was cut before the answer", "收到答复前连接中断"},
    Phrase{"the answer was cut short", "答复不完整"},
    Phrase{"the peer closed the connection", "对方关闭了连接"},
    Phrase{"the peer closed the connection without an answer", "对方未答复即关闭连接"},
    Phrase{"the peer aborted the association", "对方中止了关联"},
    Phrase{"the peer aborted the association request", "对方中止了关联请求"},
    Phrase{"the peer released the association without an answer", "对方未答复即释放关联"},
    Phrase{"the peer sent nothing in time", "对方超时未发送数据"},
    Phrase{"the peer took nothing in time", "对方超时未接收数据"},
    Phrase{"the peer sends too slowly", "对方发送过慢"},
    Phrase{"the peer does not speak DICOM", "对方不是 DICOM 服务"},
    Phrase{"the peer does not speak HTTP", "对方不是 HTTP 服务"},
    Phrase{"no TLS connection could be made", "无法建立 TLS 连接"},
    Phrase{"the peer does not accept this node's certificate", "对方不接受本机证书"},
    Phrase{"the certificate or key of this node cannot be used", "本机证书或私钥无法使用"},
    Phrase{"the file of trusted certificates cannot be used", "受信任证书文件无法使用"},
    // An image that cannot be changed for a destination.
    Phrase{"cannot be changed safely", "无法安全修改"},
    Phrase{"the data dictionary of DCMTK is missing here", "本机缺少 DCMTK 数据字典"},
    Phrase{"it is malformed", "数据集格式错误"},
    Phrase{"it holds more text than can be changed on the way", "其文字过多，无法在途中修改"},
    Phrase{"its Patient ID is in no character set that can be read", "患者 ID 的字符集无法识别"},
    Phrase{"its Patient ID would be longer than 64 characters with the prefix", "患者 ID 加前缀后超过 64 个字符"},
    Phrase{"a text of it is in no character set that can be read", "其中文字的字符集无法识别"},
    Phrase{"a text of it cannot be written in the character set", "其中文字无法用该字符集表示"},
    Phrase{"a text of it would be too long for its element", "其中文字超过元素允许的长度"},
    Phrase{"a sequence of it would be too long", "其中序列过长"},
    Phrase{"its Original Attributes Sequence is malformed", "其原始属性序列格式错误"},
    Phrase{"its data set is deflated", "数据集经过 deflate 压缩"},
    Phrase{"its data set is big-endian", "数据集为大端编码"},
    Phrase{"its elements are out of order", "元素次序错误"},
    Phrase{"it carries a digital signature that would no longer hold", "带有数字签名，修改后将失效"},
    Phrase{"it is cut short", "数据集不完整"},
    Phrase{"it is nested too deep", "嵌套过深"},
    // Callers that intake/ did not take, and why it takes nothing.
    Phrase{"the caller asks for an AE title that this node does not have", "对方呼叫的 AE 标题不是本机的"},
    Phrase{"the caller's AE title or address is not on the list of callers", "对方的 AE 标题或地址不在允许名单中"},
    Phrase{"all associations are in use", "本机连接数已满"},
    Phrase{"all associations of this host are in use", "该主机的连接数已满"},
    Phrase{"too many connections at once", "同时连接过多"},
    Phrase{"this node has no room for images", "本机没有空间接收图像"},
    Phrase{"this node cannot take images just now", "本机暂时无法接收图像"},
    Phrase{"the caller asked only for services or transfer syntaxes that are not taken here", "对方只请求了本机不接受的服务或传输语法"},
    Phrase{"the caller does not speak DICOM", "对方不是 DICOM 设备"},
    Phrase{"the caller's association request is too large", "对方的关联请求过大"},
    Phrase{"connected, but never asked for an association", "已连接，但未发出关联请求"},
    Phrase{"connected and left without asking for an association", "已连接，未发出关联请求即断开"},
    Phrase{"connected, but its association request did not arrive in time", "已连接，但关联请求未及时到齐"},
    Phrase{"the disk is full", "磁盘已满"},
    Phrase{"no new images are taken", "不再接收新图像"},
    Phrase{"the disk has no room for more files", "磁盘的文件数已用尽"},
    Phrase{"the ledger cannot be written", "账本无法写入"},
    Phrase{"nothing more is taken until it can", "在此之前不再接收"},
    Phrase{"SSL certificate problem", "证书有问题"},
};

// What the system says of a socket, and OpenSSL of a certificate.
constexpr std::array theirs{
    Phrase{"Connection refused", "对方拒绝连接（服务未启动或端口错误）"},
    Phrase{"Connection reset by peer", "连接被对方重置"},
    Phrase{"Connection timed out", "连接超时"},
    Phrase{"No route to host", "无法到达该主机"},
    Phrase{"Network is unreachable", "网络不通"},
    Phrase{"Network is down", "网络已断开"},
    Phrase{"Host is down", "对方主机未开机"},
    Phrase{"certificate has expired", "已过期"},
    Phrase{"certificate is not yet valid", "尚未生效"},
    Phrase{"self-signed certificate", "自签名"},
    Phrase{"self-signed certificate in certificate chain", "证书链中有自签名证书"},
    Phrase{"unable to get local issuer certificate", "颁发者不受信任"},
    Phrase{"unable to get issuer certificate", "颁发者不受信任"},
};

template <class Table>
std::optional<std::string_view> find(const Table& table, std::string_view en) {
  const auto row = std::ranges::find(table, en, &Phrase::en);
  return row == table.end() ? std::nullopt : std::optional(row->zh);
}

std::string quoted(std::string_view words) { return "「" + std::string(words) + "」"; }

// How much of it is a code: "0xA700 ", "HTTP 503 ".
std::size_t code_length(std::string_view text) {
  const bool status = text.size() > 7 && text.starts_with("0x") && text[6] == ' ';
  const bool http = text.size() > 5 && text.starts_with("HTTP ");
  const std::size_t end = status ? 7 : http ? text.find(' ', 5) + 1 : 0;  // 0 again where no blank follows
  const auto digits = text.substr(status ? 2 : 5 * std::size_t{http}, end == 0 ? 0 : end - 1 - (status ? 2 : 5));
  return std::ranges::all_of(digits, [](unsigned char c) { return std::isxdigit(c) != 0; }) ? end : 0;
}

// What is said of an image class: "1.2.840.10008.5.1.4.1.1.2 in 1.2.840.10008.1.2.1".
std::optional<std::string> kind_of_image(std::string_view text) {
  constexpr std::string_view in = " in ";
  const auto is_uid = [](std::string_view uid) { return !uid.empty() && uid.find_first_not_of("0123456789.") == uid.npos; };
  const std::size_t at = text.find(in);
  if (at == text.npos || !is_uid(text.substr(0, at)) || !is_uid(text.substr(at + in.size()))) return std::nullopt;
  return std::string(text.substr(0, at)) + "，传输语法 " + std::string(text.substr(at + in.size()));
}

// One phrase with a code before it or a bracket behind it; nothing where it is none of ours.
std::optional<std::string> phrase(std::string_view text) {
  if (const auto zh = find(ours, text)) return std::string(*zh);
  if (const auto zh = find(answers, text)) return std::string(*zh);
  if (const auto zh = find(theirs, text)) return std::string(*zh) + quoted(text);
  if (const std::size_t code = code_length(text); code > 0)
    if (const auto zh = find(answers, text.substr(code))) return std::string(text.substr(0, code)) + std::string(*zh);
  if (auto kind = kind_of_image(text)) return kind;
  constexpr std::string_view clock = "; the clock of this machine says ";
  if (const std::size_t at = text.find(clock); at != text.npos)
    return phrase(text.substr(0, at)).value_or(quoted(text.substr(0, at))) + "；本机时钟为 " + std::string(text.substr(at + clock.size()));
  const std::size_t bracket = text.rfind(" (");
  if (bracket == text.npos || !text.ends_with(')')) return std::nullopt;
  const auto before = phrase(text.substr(0, bracket));
  return before ? std::optional(*before + std::string(text.substr(bracket))) : std::nullopt;
}

// "calling as X", "via X".
std::optional<std::string> prefix(std::string_view text) {
  for (const auto& [en, zh] : {Phrase{"calling as ", "以此标题呼叫："}, Phrase{"via ", "经由 "}})
    if (text.starts_with(en)) return std::string(zh) + std::string(text.substr(en.size()));
  return std::nullopt;
}

// Phrases with ": " between them; where one is not ours, all from there on is somebody else's.
std::optional<std::string> translated(std::string_view reason) {
  std::string zh;
  for (std::size_t at = 0; at <= reason.size();) {
    const std::size_t end = std::min(reason.find(": ", at), reason.size());
    const std::string_view part = reason.substr(at, end - at);
    auto known = phrase(part);
    if (!known) known = prefix(part);
    if (!known && at == 0) return std::nullopt;
    zh += (at == 0 ? "" : "：") + (known ? *known : quoted(reason.substr(at)));
    if (!known) break;
    at = end + 2;
  }
  return zh;
}

}  // namespace

std::string reason_words(std::string_view reason, Lang lang) {
  if (lang == Lang::en) return std::string(reason);
  constexpr std::string_view tried = ", tried ", times = " times";
  const std::size_t at = reason.rfind(tried);
  if (at != reason.npos && reason.ends_with(times)) {
    const std::string count(reason.substr(at + tried.size(), reason.size() - at - tried.size() - times.size()));
    return reason_words(reason.substr(0, at), lang) + "，已尝试 " + count + " 次";
  }
  return translated(reason).value_or(std::string(reason));
}

}  // namespace sampan::control
