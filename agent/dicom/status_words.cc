// SPDX-License-Identifier: Apache-2.0
#include "dicom/status_words.h"

#include <array>

namespace sampan::dicom {
namespace {

struct StatusRow {
  std::uint16_t status;
  std::uint16_t mask;
  Words words;
};

// The first row that matches is taken: single codes before their families.
constexpr std::array status_table{
    StatusRow{0x0000, 0xffff, {"success", "成功"}},
    StatusRow{0x0001, 0xffff, {"stored, optional attributes not supported", "已保存，部分可选属性不受支持"}},
    StatusRow{0x0105, 0xffff, {"no such attribute", "没有该属性"}},
    StatusRow{0x0106, 0xffff, {"invalid attribute value", "属性值无效"}},
    StatusRow{0x0107, 0xffff, {"stored, attribute list not fully accepted", "已保存，部分属性未被接受"}},
    StatusRow{0x0110, 0xffff, {"processing failure at the receiver", "接收方处理失败"}},
    StatusRow{0x0111, 0xffff, {"the receiver has this instance already", "接收方已有该图像"}},
    StatusRow{0x0112, 0xffff, {"the receiver does not have this instance", "接收方没有该图像"}},
    StatusRow{0x0113, 0xffff, {"no such event type", "没有该事件类型"}},
    StatusRow{0x0114, 0xffff, {"no such argument", "没有该参数"}},
    StatusRow{0x0115, 0xffff, {"invalid argument value", "参数值无效"}},
    StatusRow{0x0116, 0xffff, {"attribute value out of range", "属性值超出范围"}},
    StatusRow{0x0117, 0xffff, {"invalid instance UID", "实例 UID 无效"}},
    StatusRow{0x0118, 0xffff, {"no such SOP class", "没有该 SOP 类"}},
    StatusRow{0x0119, 0xffff, {"the instance is of another SOP class there", "接收方记录的 SOP 类与该图像不一致"}},
    StatusRow{0x0120, 0xffff, {"a required attribute is missing", "缺少必需的属性"}},
    StatusRow{0x0121, 0xffff, {"a required attribute has no value", "必需的属性没有值"}},
    StatusRow{0x0122, 0xffff, {"SOP class not supported", "不支持此图像类型（SOP 类）"}},
    StatusRow{0x0123, 0xffff, {"no such action", "没有该操作"}},
    StatusRow{0x0124, 0xffff, {"not authorised", "未获授权"}},
    StatusRow{0x0131, 0xffff, {"transaction UID used before", "事务 UID 重复"}},
    StatusRow{0x0210, 0xffff, {"message ID used before", "消息编号重复"}},
    StatusRow{0x0211, 0xffff, {"operation not recognised", "无法识别的操作"}},
    StatusRow{0x0212, 0xffff, {"malformed argument", "参数格式错误"}},
    StatusRow{0x0213, 0xffff, {"resource limit reached at the receiver", "接收方资源不足"}},
    StatusRow{0xb000, 0xffff, {"stored, with elements coerced", "已保存，接收方改写了部分元素"}},
    StatusRow{0xb006, 0xffff, {"stored, with elements discarded", "已保存，接收方丢弃了部分元素"}},
    StatusRow{0xb007, 0xffff, {"stored, data set does not match the SOP class", "已保存，数据集与 SOP 类不符"}},
    StatusRow{0xb000, 0xf000, {"stored, with a warning", "已保存，但有警告"}},
    StatusRow{0xa700, 0xff00, {"out of resources at the receiver", "接收方资源不足（磁盘可能已满）"}},
    StatusRow{0xa801, 0xffff, {"move destination unknown", "未知的转发目的地"}},
    StatusRow{0xa900, 0xff00, {"data set does not match the SOP class", "数据集与 SOP 类不符"}},
    StatusRow{0xc122, 0xffff, {"transfer syntax not supported", "不支持此压缩方式（传输语法）"}},
    StatusRow{0xc000, 0xf000, {"the receiver cannot understand the data set", "接收方无法理解该数据集"}},
    StatusRow{0xfe00, 0xffff, {"cancelled", "已取消"}},
    StatusRow{0xff00, 0xfffe, {"pending", "处理中"}},
    StatusRow{0x0000, 0x0000, {"unknown status", "未知状态"}},
};

struct RejectRow {
  int source;
  int reason;
  Words words;
};

constexpr std::array reject_table{
    RejectRow{1, 1, {"refused without a reason", "对方拒绝连接，未说明原因"}},
    RejectRow{1, 2, {"application context not supported", "对方不支持该应用上下文"}},
    RejectRow{1, 3, {"calling AE title not recognised", "对方不认识主叫 AE 标题（区分大小写）"}},
    RejectRow{1, 7, {"called AE title not recognised", "对方的 AE 标题填写有误（区分大小写）"}},
    RejectRow{2, 1, {"refused without a reason", "对方拒绝连接，未说明原因"}},
    RejectRow{2, 2, {"protocol version not supported", "对方不支持该协议版本"}},
    RejectRow{3, 1, {"temporary congestion", "对方暂时繁忙"}},
    RejectRow{3, 2, {"local limit exceeded", "对方连接数已达上限"}},
};

}  // namespace

Words status_words(std::uint16_t status) {
  for (const StatusRow& row : status_table)
    if ((status & row.mask) == row.status) return row.words;
  return status_table.back().words;
}

Words reject_words(int result, int source, int reason) {
  for (const RejectRow& row : reject_table)
    if (row.source == source && row.reason == reason) return row.words;
  if (result == 2) return {"refused for now, unknown reason", "对方暂时拒绝连接，原因未知"};
  return {"refused for good, unknown reason", "对方拒绝连接，原因未知"};
}

Words context_words(int result) {
  switch (result) {
    case 0:
      return {"accepted", "已接受"};
    case 1:
      return {"refused by the user of the receiver", "接收方拒绝"};
    case 2:
      return {"refused without a reason", "接收方拒绝，未说明原因"};
    case 3:
      return {"SOP class not supported", "不支持此图像类型（SOP 类）"};
    case 4:
      return {"transfer syntax not supported", "不支持此压缩方式（传输语法）"};
    default:
      return {"refused, unknown reason", "接收方拒绝，原因未知"};
  }
}

}  // namespace sampan::dicom
