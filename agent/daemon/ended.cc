// SPDX-License-Identifier: Apache-2.0
#include "daemon/ended.h"

#include <string_view>

namespace sampan::daemon {

constexpr std::string_view no_credential = "243";  // EXIT_CREDENTIALS of systemd.exec(5)

std::optional<settings::StartNote> after_the_end(const char* status) {
  if (status == nullptr || status != no_credential) return std::nullopt;
  return settings::StartNote{
      "The key is not at hand: the service manager could not open the credential that unlocks the images. Nothing was touched, and they are "
      "safe. What a TPM has sealed only that TPM opens: after another mainboard, a reset of the TPM, a change of Secure Boot, or with the disk in "
      "another computer, the recovery key is needed. What to do: man sampand, KEYS; to carry the images away: sudo sampan rescue",
      "密钥不可用：服务管理器未能打开用于解锁图像的凭据。未改动任何文件，图像是安全的。由 TPM 封存的凭据只有该 TPM "
      "才能打开：更换主板、重置 TPM、更改安全启动或把磁盘装入另一台计算机之后，需要使用恢复密钥。处理方法：man sampand 的“密钥”一节；取出图像：sudo sampan rescue"};
}

}  // namespace sampan::daemon
