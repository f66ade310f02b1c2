// SPDX-License-Identifier: Apache-2.0
// The client half of control knows nothing of policy, and says what its table says all the same.
#include <doctest/doctest.h>

#include "control/reason_words.h"
#include "dicom/transformer.h"
#include "policy/failure_table.h"
#include "policy/table_judge.h"

using namespace sampan;

namespace {

std::string zh(std::string_view reason) { return control::reason_words(reason, control::Lang::zh); }

}  // namespace

TEST_CASE("every_answer_of_the_failure_table_is_told_in_the_words_of_that_table") {
  for (const auto& row : policy::failure_table()) CHECK_MESSAGE(zh(row.en) == row.zh, row.en);
}

TEST_CASE("what_the_judge_says_is_told_in_chinese_with_its_codes") {
  const policy::TableJudge judge;
  CHECK(zh(std::get<core::Retry>(judge.dimse_status(0xa700, {})).reason) == "0xA700 对方资源不足（可能磁盘已满）");
  CHECK(zh(std::get<core::Retry>(judge.http_status(503, {})).reason) == "HTTP 503 对方服务器错误");
  CHECK(zh(judge.association_reject(1, 1, 3).reason) == "对方拒绝关联 (1/1/3)：对方不认识主叫 AE 标题");
  CHECK(zh(judge.context_refused("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1", 3).reason) ==
        "对方不支持此 SOP 类 (3)：1.2.840.10008.5.1.4.1.1.2，传输语法 1.2.840.10008.1.2.1");
  CHECK(zh(judge.no_connection("the host name is unknown", false).reason) == "无法连接：主机名无法解析");
  CHECK(zh("HTTP 409 conflict, and whether it is there cannot be asked just now") == "HTTP 409 内容冲突，暂时无法查询对方是否已有");
  CHECK(zh("HTTP 409 an image of this name is there; its content may differ") == "HTTP 409 对方已有同名图像，内容可能不同");
  CHECK(zh(judge.stranger_answered("text/html").reason) == "被上网认证页面拦截：「text/html」");
}

TEST_CASE("why_an_image_cannot_be_changed_for_a_destination_is_told_in_chinese") {
  CHECK(zh(dicom::unsafe("its data set is big-endian").message) == "无法安全修改：数据集为大端编码");
  CHECK(zh("changing it for this destination broke off") == "为该目的地修改此图像时中断，将自动重试");
  CHECK(zh("changing it for this destination failed again and again") == "为该目的地修改此图像多次失败");
}
