// SPDX-License-Identifier: Apache-2.0
#include "intake/folder_reasons.h"

#include <array>

#include "base/panic.h"

namespace sampan::intake {
namespace {

struct Words {
  Unfit reason;
  std::string_view en, zh;
};

constexpr std::array table{
    Words{Unfit::empty, "the file is empty", "文件是空的"},
    Words{Unfit::not_dicom, "it is not a DICOM file", "它不是 DICOM 文件"},
    Words{Unfit::head_damaged, "it claims to be a DICOM file, but its file meta information cannot be read",
          "它带有 DICOM 标记，但文件头信息无法读取"},
    Words{Unfit::no_data_set, "it has a DICOM head and nothing behind it", "只有 DICOM 文件头，后面没有内容"},
    Words{Unfit::no_transfer_syntax, "its DICOM head does not say how it is encoded (transfer syntax)",
          "DICOM 文件头没有说明编码方式（传输语法）"},
    Words{Unfit::no_class, "its DICOM head does not say what it is (SOP class)", "DICOM 文件头没有说明对象类型（SOP 类）"},
    Words{Unfit::not_storage, "its SOP class is not one that is stored", "它的 SOP 类不是可存储的类型"},
    Words{Unfit::no_instance, "it has no SOP Instance UID, so no receipt could ever name it",
          "它没有 SOP 实例 UID，无法确认是否送达"},
    Words{Unfit::breaks_us, "looking at it stopped this program again and again", "读取该文件多次导致本程序崩溃"},
};

const Words& find(Unfit reason) {
  for (const Words& words : table)
    if (words.reason == reason) return words;
  SAMPAN_PANIC("a reason without words");
}

}  // namespace

std::string_view words_of(Unfit reason) { return find(reason).en; }

std::string note_of(Unfit reason, WallTime when) {
  const Words& words = find(reason);
  std::string note = "\xef\xbb\xbf";
  note += "这个文件没有被接收：" + std::string(words.zh) + "。\r\n";
  note += "它原样保存在这里。请在设备上重新导出；改正后的文件放回原目录即会重新接收。\r\n\r\n";
  note += "This file was not taken: " + std::string(words.en) + ".\r\n";
  note += "It is kept here unchanged. Export it again on the device; a corrected file is taken when it is put back.\r\n\r\n";
  note += to_iso8601(when) + "\r\n";
  return note;
}

}  // namespace sampan::intake
