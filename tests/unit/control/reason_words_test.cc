// SPDX-License-Identifier: Apache-2.0
// A reason is told in the reader's language; what a peer or the system said stands after it as it was said.
#include "control/reason_words.h"

#include <doctest/doctest.h>

using namespace sampan;
using namespace sampan::control;

namespace {

std::string zh(std::string_view reason) { return reason_words(reason, Lang::zh); }

}  // namespace

TEST_CASE("what_others_said_stands_after_our_words_as_they_said_it") {
  CHECK(zh("no connection: Connection refused") == "无法连接：对方拒绝连接（服务未启动或端口错误）「Connection refused」");
  CHECK(zh("no connection: Too many levels: of something") == "无法连接：「Too many levels: of something」");
  CHECK(zh("no connection: token server: Connection refused").find("令牌服务器：对方拒绝连接") != std::string::npos);
  CHECK(zh("certificate not accepted: SSL certificate problem: certificate has expired; the clock of this machine says 2026-11-26T09:30:00.000Z") ==
        "证书不被接受：证书有问题：已过期「certificate has expired」；本机时钟为 2026-11-26T09:30:00.000Z");
  CHECK(zh("certificate not accepted: SSL: no alternative name") == "证书不被接受：「SSL: no alternative name」");
}

TEST_CASE("a_reason_of_a_detour_an_origin_or_many_tries_is_told_with_it") {
  CHECK(zh("via county: no connection: No route to host") == "经由 county：无法连接：无法到达该主机「No route to host」");
  CHECK(zh("calling as CT1: association rejected (1/1/3): calling AE title not recognised") ==
        "以此标题呼叫：CT1：对方拒绝关联 (1/1/3)：对方不认识主叫 AE 标题");
  CHECK(zh("0xC000 cannot understand, tried 5 times") == "0xC000 对方无法理解该图像，已尝试 5 次");
}

TEST_CASE("what_is_not_known_stays_as_it_is_and_english_is_never_changed") {
  for (const char* text : {"", ": ", "0x", "0xZZZZ stored", "HTTP ", "HTTP x stored", "(", " ()", "something of a later version", "tried 5 times"})
    CHECK_MESSAGE(zh(text) == text, text);
  CHECK(zh("the exam is held by a person") == "整个检查已由人工暂停");
  CHECK(reason_words("no connection: Connection refused", Lang::en) == "no connection: Connection refused");
}
