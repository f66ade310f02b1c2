// SPDX-License-Identifier: Apache-2.0
#include "policy/failure_table.h"

#include <algorithm>
#include <iterator>

#include "base/panic.h"

namespace sampan::policy {
namespace {

using enum Family;
using enum Verdict;

constexpr FailureRow one(Family family, std::uint16_t code, Verdict verdict, std::string_view en, std::string_view zh) {
  return {family, code, code, verdict, en, zh};
}
constexpr FailureRow one(Finding seen, Verdict verdict, std::string_view en, std::string_view zh) {
  return one(finding, static_cast<std::uint16_t>(seen), verdict, en, zh);
}

constexpr FailureRow table[]{
    // PS3.7 annex C calls 0x0001, 0x0107, 0x0116 and 0xBxxx warnings: the operation was carried out.
    one(dimse, 0x0000, delivered, "stored", "已存储"),
    one(dimse, 0x0001, delivered, "stored, optional attributes not supported", "已存储，可选属性不受支持"),
    one(dimse, 0x0105, permanent, "no such attribute", "对方没有该属性"),
    one(dimse, 0x0106, permanent, "invalid attribute value", "属性值无效"),
    one(dimse, 0x0107, delivered, "stored, some attributes not recognised", "已存储，部分属性无法识别"),
    one(dimse, 0x0110, doubtful, "processing failure at the destination", "对方处理失败"),
    one(dimse, 0x0111, already_there, "already there", "对方已有此图像"),
    one(dimse, 0x0112, doubtful, "no such instance", "对方找不到该实例"),
    one(dimse, 0x0115, permanent, "invalid argument value", "参数值无效"),
    one(dimse, 0x0116, delivered, "stored, an attribute value is out of range", "已存储，某属性值超出范围"),
    one(dimse, 0x0117, permanent, "invalid SOP instance", "SOP 实例无效"),
    one(dimse, 0x0118, sop_class, "no such SOP class", "对方没有此 SOP 类"),
    one(dimse, 0x0119, permanent, "instance belongs to another SOP class", "实例与 SOP 类不一致"),
    one(dimse, 0x0120, permanent, "an attribute is missing", "缺少属性"),
    one(dimse, 0x0121, permanent, "an attribute value is missing", "缺少属性值"),
    one(dimse, 0x0122, sop_class, "SOP class not supported", "对方不支持此 SOP 类"),
    one(dimse, 0x0124, configuration, "not authorised", "对方未授权本节点"),
    // The message id or the resources were in use: nothing is wrong with the image.
    one(dimse, 0x0210, transient, "duplicate invocation", "消息编号重复"),
    one(dimse, 0x0211, sop_class, "destination does not know the operation", "对方不认识该操作"),
    one(dimse, 0x0212, permanent, "mistyped argument", "参数类型错误"),
    one(dimse, 0x0213, transient, "resource limitation", "对方资源受限"),
    {dimse, 0xa700, 0xa7ff, transient, "out of resources", "对方资源不足（可能磁盘已满）"},
    {dimse, 0xa900, 0xa9ff, permanent, "data set does not match SOP class", "数据集与 SOP 类不符"},
    one(dimse, 0xb000, delivered, "stored, data elements coerced", "已存储，对方修改了部分数据元素"),
    one(dimse, 0xb006, delivered, "stored, elements discarded", "已存储，对方丢弃了部分元素"),
    one(dimse, 0xb007, delivered, "stored, data set does not match SOP class", "已存储，数据集与 SOP 类不符"),
    {dimse, 0xb000, 0xbfff, delivered, "stored with a warning", "已存储，附带警告"},
    {dimse, 0xc000, 0xcfff, doubtful, "cannot understand", "对方无法理解该图像"},
    one(dimse, 0xfe00, doubtful, "cancelled by the destination", "对方取消了操作"),
    {dimse, 0xff00, 0xff01, doubtful, "answered without a final status", "对方未给出最终状态"},
    {dimse, 0x0000, 0xffff, doubtful, "unknown status", "未知状态码"},

    one(association, 0x0101, transient, "no reason given", "未说明原因"),
    one(association, 0x0102, configuration, "application context not supported", "不支持应用上下文"),
    one(association, 0x0103, configuration, "calling AE title not recognised", "对方不认识主叫 AE 标题"),
    one(association, 0x0107, configuration, "called AE title not recognised", "对方 AE 标题填写错误"),
    one(association, 0x0201, transient, "no reason given", "未说明原因"),
    one(association, 0x0202, configuration, "protocol version not supported", "不支持协议版本"),
    one(association, 0x0301, transient, "temporary congestion", "对方暂时繁忙"),
    one(association, 0x0302, transient, "local limit exceeded", "对方连接数已满"),
    {association, 0x0000, 0xffff, transient, "unknown reason", "未知原因"},

    one(context, 0, sop_class, "no answer for this SOP class", "对方未答复此 SOP 类"),
    one(context, 1, sop_class, "SOP class refused by the user", "对方拒绝此 SOP 类"),
    one(context, 2, sop_class, "SOP class refused without a reason", "对方拒绝此 SOP 类，未说明原因"),
    one(context, 3, sop_class, "SOP class not supported", "对方不支持此 SOP 类"),
    one(context, 4, sop_class, "transfer syntax not supported", "对方不支持此传输语法"),
    {context, 0x0000, 0xffff, sop_class, "SOP class refused with an unknown result", "此 SOP 类被拒绝，原因未知"},

    // Success is never read from the code alone (DESIGN, contract 3): 2xx gets here when the instance was not named.
    {http, 200, 299, transient, "answered without a word about this instance", "答复中没有提到此图像"},
    one(http, 301, configuration, "moved permanently", "地址已永久变更"),
    one(http, 308, configuration, "moved permanently", "地址已永久变更"),
    {http, 300, 399, transient, "redirected", "被重定向（可能是上网认证页面）"},
    one(http, 400, permanent, "bad request", "请求格式有误"),
    one(http, 401, configuration, "not authenticated", "身份认证失败"),
    one(http, 403, configuration, "forbidden", "没有权限"),
    one(http, 404, configuration, "no such service", "对方没有此服务，请检查地址"),
    one(http, 405, configuration, "method not allowed", "对方不允许此方法"),
    one(http, 406, configuration, "no acceptable form of answer", "对方无法给出可接受的答复"),
    one(http, 407, configuration, "proxy authentication required", "代理服务器要求认证"),
    one(http, 408, transient, "request timeout", "请求超时"),
    one(http, 409, permanent, "conflict, nothing stored", "内容冲突，未存储"),
    one(http, 410, configuration, "service gone", "对方服务已取消"),
    one(http, 413, permanent, "too large for the destination", "超过对方允许的大小"),
    one(http, 414, configuration, "address too long", "地址过长"),
    one(http, 415, sop_class, "media type or transfer syntax not supported", "不支持该媒体类型或传输语法"),
    one(http, 421, transient, "misdirected request", "请求送错了服务器"),
    one(http, 422, permanent, "content cannot be processed", "内容无法处理"),
    one(http, 423, transient, "locked", "资源被锁定"),
    one(http, 425, transient, "too early", "请求过早"),
    one(http, 426, configuration, "another protocol required", "对方要求其他协议"),
    one(http, 429, transient, "too many requests", "请求过于频繁"),
    one(http, 451, configuration, "refused for legal reasons", "因法律原因被拒绝"),
    {http, 500, 599, transient, "error at the destination", "对方服务器错误"},
    {http, 0x0000, 0xffff, doubtful, "unknown answer", "未知答复"},

    // What is listed as failed is not stored, also where the code alone would be a warning.
    one(stow, 0x0110, doubtful, "processing failure at the destination", "对方处理失败"),
    one(stow, 0x0111, already_there, "already there", "对方已有此图像"),
    one(stow, 0x0117, permanent, "invalid SOP instance", "SOP 实例无效"),
    one(stow, 0x0118, sop_class, "no such SOP class", "对方没有此 SOP 类"),
    one(stow, 0x0119, permanent, "instance belongs to another SOP class", "实例与 SOP 类不一致"),
    one(stow, 0x0122, sop_class, "SOP class not supported", "对方不支持此 SOP 类"),
    one(stow, 0x0124, configuration, "not authorised", "对方未授权本节点"),
    one(stow, 0x0213, transient, "resource limitation", "对方资源受限"),
    {stow, 0xa700, 0xa7ff, transient, "out of resources", "对方资源不足（可能磁盘已满）"},
    {stow, 0xa900, 0xa9ff, permanent, "data set does not match SOP class", "数据集与 SOP 类不符"},
    // Azure's own (microsoft/dicom-server, conformance statement, Store Failure Reason Codes): 45070 and 45071. What is there is compared.
    one(stow, 0xb00e, doubtful, "an image of this name is there", "对方已有同名图像"),
    one(stow, 0xb00f, transient, "the destination is still busy with an image of this name", "对方仍在处理同名图像"),
    one(stow, 0xc122, sop_class, "transfer syntax not supported", "对方不支持此传输语法"),
    {stow, 0xc000, 0xcfff, doubtful, "cannot understand", "对方无法理解该图像"},
    {stow, 0x0000, 0xffff, doubtful, "failed for an unknown reason", "失败，原因未知"},

    one(Finding::no_connection, transient, "no connection", "无法连接"),
    one(Finding::timeout, transient, "no answer in time", "对方未及时答复"),
    one(Finding::certificate, configuration, "certificate not accepted", "证书不被接受"),
    one(Finding::captive_portal, transient, "somebody else answered (captive portal)", "被上网认证页面拦截"),
    one(Finding::found_there, already_there, "a conflict, and the image there is the same", "对方报告冲突，经取回比对，已有相同图像"),
    one(Finding::found_unlike, permanent, "an image of this name is there; its content may differ", "对方已有同名图像，内容可能不同"),
    {finding, 0x0000, 0xffff, transient, "unknown trouble", "未知故障"},
};

}  // namespace

std::span<const FailureRow> failure_table() { return table; }

const FailureRow& find_failure(Family family, std::uint16_t code) {
  const auto fits = [=](const FailureRow& row) {
    return row.family == family && row.first <= code && code <= row.last;
  };
  const auto row = std::find_if(std::begin(table), std::end(table), fits);
  SAMPAN_ASSERT(row != std::end(table));
  return *row;
}

}  // namespace sampan::policy
