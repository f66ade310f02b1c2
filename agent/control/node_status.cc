// SPDX-License-Identifier: Apache-2.0
#include "control/node_status.h"

namespace sampan::control {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::good:
      return "good";
    case Verdict::attention:
      return "attention";
    case Verdict::failure:
      return "failure";
  }
  return "failure";
}

std::string_view to_string(DestinationState state) {
  switch (state) {
    case DestinationState::unknown:
      return "unknown";
    case DestinationState::up:
      return "up";
    case DestinationState::backing_off:
      return "backing_off";
    case DestinationState::stopped:
      return "stopped";
  }
  return "unknown";
}

}  // namespace sampan::control
