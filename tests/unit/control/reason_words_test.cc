// SPDX-License-Identifier: Apache-2.0
// A reason is told in the reader's language; what a peer or the system said stands after it as it was said.
#include "control/reason_words.h"

#include <doctest/doctest.h>

#include "support/zone.h"

using namespace sampan;
using namespace sampan::control;
using sampan::test::Zone;

namespace {

std::string zh(std::string_view reason) { return reason_words(reason, Lang::zh); }

}  // namespace

TEST_CASE("what_others_said_stands_after_our_words_as_they_said_it") {
  CHECK(zh("no connection: Connection refused") == "无法连接：对方拒绝连接（服务未启动或端口错误）「Connection refused」");
  CHECK(zh("no connection: Too many levels: of something") == "无法连接：「Too many levels: of something」");
  CHECK(zh("no connection: token server: Connection refused").find("令牌服务器：对方拒绝连接") != std::string::npos);
  const Zone zone("CST-8");
  const std::string expired = "certificate not accepted: SSL certificate problem: certificate has expired; the clock of this machine says 2026-11-26T09:30:00.000Z";
  CHECK(zh(expired) == "证书不被接受：证书有问题：已过期「certificate has expired」；本机时钟为 2026-11-26 17:30（本地时间）");
  CHECK(reason_words(expired, Lang::en).ends_with("; the clock of this machine says 2026-11-26 17:30 (local time)"));
  CHECK(zh("certificate not accepted: SSL: no alternative name") == "证书不被接受：TLS 证书校验：「no alternative name」");
  CHECK(zh("certificate not accepted: SSL: no alternative certificate subject name matches target host name 'pacs.example'") ==
        "证书不被接受：TLS 证书校验：证书所载名称与所连主机不符，所连主机为 'pacs.example'");
  CHECK(zh("it is not a DICOM file") == "它不是 DICOM 文件");
  CHECK(zh("cannot listen on 0.0.0.0 port 104: another program has the port (sudo ss -ltnp shows which)") ==
        "无法监听 0.0.0.0 port 104：端口已被其他程序占用（执行 sudo ss -ltnp 可查看是哪个程序）");
}

TEST_CASE("a_reason_of_a_detour_an_origin_or_many_tries_is_told_with_it") {
  CHECK(zh("via county: no connection: No route to host") == "经由 county：无法连接：无法到达该主机「No route to host」");
  CHECK(zh("calling as CT1: association rejected (1/1/3): calling AE title not recognised") ==
        "以此标题呼叫：CT1：对方拒绝关联 (1/1/3)：对方不认识主叫 AE 标题");
  CHECK(zh("0xC000 cannot understand, tried 5 times") == "0xC000 对方无法理解该图像，已尝试 5 次");
}

TEST_CASE("what_a_disk_a_proxy_or_a_proof_says_is_told_in_chinese") {
  CHECK(zh("the disk does not take what is written: fdatasync /var/lib/sampan/spool/1: Input/output error") ==
        "磁盘无法写入：磁盘读写错误「fdatasync /var/lib/sampan/spool/1: Input/output error」");
  CHECK(zh("cannot write to the folder: open /srv/out: Permission denied") == "无法写入目标文件夹：没有权限「open /srv/out: Permission denied」");
  CHECK(zh("proxy: HTTP 407 proxy authentication required") == "代理服务器：HTTP 407 代理服务器要求认证");
  CHECK(zh("proxy refused: HTTP 403") == "代理服务器拒绝：HTTP 403");
  CHECK(zh("no answer in time: the peer took or said nothing in time") == "对方未及时答复：对方超时未接收或应答");
  CHECK(zh("its fallback county cannot prove that it keeps it") == "备用目的地 county 无法证明已保存该图像");
  CHECK(zh("it does not commit to keep it, reason 274") == "对方不承诺保存，原因码 274");
  CHECK(zh("modality CT1: it ended the association") == "设备 CT1：对方结束了关联");
  CHECK(zh("no usable SOP Class, SOP Instance or Transfer Syntax UID: C-STORE cannot carry it") ==
        "缺少可用的 SOP 类、SOP 实例或传输语法 UID，无法用 C-STORE 发送");
}

TEST_CASE("what_is_not_known_stays_as_it_is_and_english_is_never_changed") {
  for (const char* text : {"", ": ", "0x", "0xZZZZ stored", "HTTP ", "HTTP x stored", "(", " ()", "something of a later version", "tried 5 times"})
    CHECK_MESSAGE(zh(text) == text, text);
  CHECK(zh("the exam is held by a person") == "整个检查已由人工暂停");
  CHECK(reason_words("no connection: Connection refused", Lang::en) == "no connection: Connection refused");
}
