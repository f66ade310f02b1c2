// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <mutex>
#include <random>

namespace sampan {
namespace {

class SystemRandom final : public Random {
 public:
  SystemRandom() {
    std::random_device kernel;
    std::seed_seq seed{kernel(), kernel(), kernel(), kernel(), kernel(), kernel(), kernel(), kernel()};
    engine_.seed(seed);
  }
  std::uint64_t next() override {
    std::lock_guard lock(mutex_);
    return engine_();
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace

Random& system_random() {
  static SystemRandom random;
  return random;
}

}  // namespace sampan
