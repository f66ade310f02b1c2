// SPDX-License-Identifier: Apache-2.0
#include "base/crash_point.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>

namespace sampan {

const bool crash_points_armed = std::getenv("SAMPAN_CRASH_AT") != nullptr;

namespace {

struct Order {
  std::string label;
  std::atomic<long> passes_left{1};
  Order() {
    const char* text = std::getenv("SAMPAN_CRASH_AT");
    label = text == nullptr ? "" : text;
    if (const auto colon = label.rfind(':'); colon != std::string::npos) {
      passes_left = std::strtol(label.c_str() + colon + 1, nullptr, 10);
      label.resize(colon);
    }
  }
};

Order& the_order() {
  static Order order;
  return order;
}

}  // namespace

void crash_point_reached(const char* label) {
  Order& order = the_order();
  if (order.label == label && --order.passes_left == 0) std::raise(SIGKILL);
}

void crash_point_reached(std::string_view label, std::string_view content) {
  if (the_order().label == std::string(label) + "@" + std::string(content)) std::raise(SIGKILL);
}

}  // namespace sampan
