// SPDX-License-Identifier: Apache-2.0
#include "core/remedies.h"

#include <algorithm>
#include <array>
#include <string>

namespace sampan::core {
namespace {

constexpr std::string_view own_file_en = "A file of this node that it needs for {dest} cannot be used", own_file_zh = "本机发往 {dest} 所需的文件无法使用";
constexpr std::string_view their_certificate_en = "This node does not trust the certificate of {dest}", their_certificate_zh = "本机不信任 {dest} 的证书";
constexpr std::string_view no_service_en = "There is no such service at the address of {dest}", no_service_zh = "{dest} 的地址上没有所需的服务";
constexpr std::string_view no_service_do_en = "Correct the address of this destination in the settings, as the lead hospital tells it; then sampan reload.";
constexpr std::string_view no_service_do_zh = "请向牵头医院核实地址，更正配置中该目的地的地址后执行 sampan reload。";
constexpr std::string_view secret_en = "{dest} does not accept the user or the password or token of this node", secret_zh = "{dest} 不接受本机的用户名、密码或令牌";
constexpr std::string_view secret_do_en = "Ask the lead hospital for the user and the password or token, and put them into the settings and the file that they name.";
constexpr std::string_view secret_do_zh = "请向牵头医院索取正确的用户名和密码（或令牌），写入配置及其所指的文件。";
constexpr std::string_view permit_en = "{dest} does not permit this node to send", permit_zh = "{dest} 没有授权本机上传";
constexpr std::string_view permit_do_en = "Ask the lead hospital to permit this node.", permit_do_zh = "请让牵头医院为本机授权。";
constexpr std::string_view ours_en = "{dest} does not accept the certificate of this node", ours_zh = "{dest} 不接受本机的证书";
constexpr std::string_view ours_do_en = "Ask the lead hospital whether it knows this node's certificate, and for a new one where it has expired (openssl x509 -noout -enddate -in FILE).";
constexpr std::string_view ours_do_zh = "请询问牵头医院是否认可本机证书；若已过期（openssl x509 -noout -enddate -in 证书文件），请申请新证书。";
constexpr std::string_view file_do_en = "See that the file which the reason names is there, whole, and readable for the user sampan (ls -l); it goes on by itself then.";
constexpr std::string_view file_do_zh = "请检查原因中所列的本机文件：应存在、完整，且用户 sampan 可读（ls -l）；修正后自动继续。";
constexpr std::string_view clock_do_en = "Compare the clock of this machine with a watch, and set it where it is wrong; otherwise have the lead hospital renew its certificate.";
constexpr std::string_view clock_do_zh = "请先核对本机时钟，不准则校时；时钟正确则请牵头医院更换证书。";
constexpr std::string_view issuer_do_en = "Ask the lead hospital for the certificate of whoever issued its own, and name that file in tls.ca_file of this destination.";
constexpr std::string_view issuer_do_zh = "请向牵头医院索取其证书颁发机构的证书，并在配置中以该目的地的 tls.ca_file 指明。";
constexpr std::string_view proxy_en = "The proxy on the way to {dest} refuses this node", proxy_zh = "通往 {dest} 的代理服务器拒绝本机";

// The first that fits. "via X: " and the like may stand before.
constexpr std::array stopped{
    Remedy{"secret cannot be read", own_file_en, own_file_zh, file_do_en, file_do_zh},
    Remedy{"secret is not one line", own_file_en, own_file_zh, "Put the password or token into the file that the reason names, as one line of text; it goes on by itself then.",
           "请在原因所列的文件中写入密码或令牌，仅一行文字；修正后自动继续。"},
    Remedy{"certificate or key of this node cannot be used", own_file_en, own_file_zh, file_do_en, file_do_zh},
    Remedy{"file of trusted certificates cannot be used", own_file_en, own_file_zh, file_do_en, file_do_zh},
    Remedy{"proxy", proxy_en, proxy_zh, "Check the user and the password_file of the proxy in the settings with those who run it.",
           "请与代理服务器的管理人员核对配置中代理的用户名和 password_file。"},
    Remedy{"does not accept this node's certificate", ours_en, ours_zh, ours_do_en, ours_do_zh},
    Remedy{"as reverse proxies say it", ours_en, ours_zh, ours_do_en, ours_do_zh},
    Remedy{"certificate is not yet valid", their_certificate_en, their_certificate_zh, clock_do_en, clock_do_zh},
    Remedy{"certificate has expired", their_certificate_en, their_certificate_zh, clock_do_en, clock_do_zh},
    Remedy{"subject name", "The certificate of {dest} is for another name", "{dest} 的证书属于另一个名称",
           "Use the host name in the settings that its certificate names, or have the lead hospital get one for this address.",
           "请在配置中改用证书所载的主机名，或让牵头医院为该地址换发证书。"},
    Remedy{"signed certificate", their_certificate_en, their_certificate_zh, issuer_do_en, issuer_do_zh},
    Remedy{"issuer certificate", their_certificate_en, their_certificate_zh, issuer_do_en, issuer_do_zh},
    Remedy{"certificate not accepted", their_certificate_en, their_certificate_zh, "Tell the lead hospital this reason, and check tls.ca_file of this destination in the settings.",
           "请把此原因告知牵头医院，并核对配置中该目的地的 tls.ca_file。"},
    Remedy{"calling AE title not recognised", "{dest} does not know the AE title of this node", "{dest} 不认识本机的 AE 标题",
           "Have the lead hospital enter this node's AE title and address, or correct calling_ae in the settings (case matters).",
           "请让牵头医院登记本机的 AE 标题和地址，或更正配置中的 calling_ae（区分大小写）。"},
    Remedy{"called AE title not recognised", "{dest} has another AE title than the settings say", "{dest} 的 AE 标题与配置不符",
           "Correct its AE title in the settings, as the lead hospital tells it (case matters); then sampan reload.",
           "请向牵头医院核实其 AE 标题（区分大小写），更正配置后执行 sampan reload。"},
    Remedy{"token server refused", secret_en, secret_zh, secret_do_en, secret_do_zh},
    Remedy{"HTTP 401", secret_en, secret_zh, secret_do_en, secret_do_zh},
    Remedy{"HTTP 403", permit_en, permit_zh, permit_do_en, permit_do_zh},
    Remedy{"not authorised", permit_en, permit_zh, permit_do_en, permit_do_zh},
    Remedy{"the address is not a URL", no_service_en, no_service_zh, no_service_do_en, no_service_do_zh},
    Remedy{"moved permanently", no_service_en, no_service_zh, no_service_do_en, no_service_do_zh},
    Remedy{"no such service", no_service_en, no_service_zh, no_service_do_en, no_service_do_zh},
    Remedy{"method not allowed", no_service_en, no_service_zh, no_service_do_en, no_service_do_zh},
    Remedy{"service gone", no_service_en, no_service_zh, no_service_do_en, no_service_do_zh},
    Remedy{"", "Destination {dest} refuses this node", "目的地 {dest} 拒绝本机", "Check AE titles, address and certificates together with the lead hospital.",
           "请与牵头医院核对双方的 AE 标题、地址和证书。"},
};

constexpr Remedy portal{"captive portal", "Somebody else answers in the place of {dest}", "连接 {dest} 时由其他设备应答",
                        "The images are safe here and go on by themselves. Log in to the network in a browser, or ask those who run it.",
                        "图像已安全保存，恢复后自动续传。请用浏览器登录上网认证，或询问网络管理人员。"};
constexpr Remedy answering{"", "Destination {dest} answers, yet takes nothing", "目的地 {dest} 有应答，但不接收",
                           "The images are safe here and go on by themselves. Tell the lead hospital this reason.",
                           "图像已安全保存，恢复后自动续传。请把此原因告知牵头医院。"};
constexpr Remedy silent{"", "Destination {dest} is out of reach", "目的地 {dest} 无法送达",
                        "The images are safe here and go on by themselves. Check cable and router, or ask the lead hospital.",
                        "图像已安全保存，网络恢复后自动续传。请检查网线和路由器，或询问牵头医院。"};

bool holds(std::string_view text, std::string_view words) { return text.find(words) != text.npos; }

}  // namespace

const Remedy& remedy_stopped(std::string_view reason) {
  return *std::ranges::find_if(stopped, [&](const Remedy& one) { return holds(reason, one.reason); });
}

const Remedy& remedy_away(std::string_view reason, bool answers) {
  if (holds(reason, portal.reason) || holds(reason, "redirected")) return portal;
  return answers || is_answer(reason) ? answering : silent;
}

std::string about(std::string_view sentence, std::string_view destination) {
  constexpr std::string_view mark = "{dest}";
  const std::size_t at = sentence.find(mark);
  if (at == sentence.npos) return std::string(sentence);
  return std::string(sentence.substr(0, at)) + std::string(destination) + std::string(sentence.substr(at + mark.size()));
}

bool is_answer(std::string_view reason) {
  constexpr std::array words{"HTTP ", "0x", "association rejected", "answered without", "no token in the answer", "answer for another instance", "answer without a status"};
  return !holds(reason, "proxy") && std::ranges::any_of(words, [&](const char* one) { return holds(reason, one); });
}

}  // namespace sampan::core
