// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <openssl/crypto.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/panic.h"

namespace sampan {

void wipe(ByteSpan bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

LockedMemory::LockedMemory(std::size_t bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  size_ = (bytes + page - 1) / page * page;
  void* const at = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  SAMPAN_ASSERT(at != MAP_FAILED);
  at_ = static_cast<std::uint8_t*>(at);
  locked_ = ::mlock(at_, size_) == 0 && ::madvise(at_, size_, MADV_DONTDUMP) == 0;
  static_cast<void>(::madvise(at_, size_, MADV_WIPEONFORK));
}

LockedMemory::~LockedMemory() {
  wipe(bytes());
  ::munmap(at_, size_);
}

}  // namespace sampan
