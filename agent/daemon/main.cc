// SPDX-License-Identifier: Apache-2.0
// sampand: one node, run as a service.
#include <iostream>
#include <string_view>

#include "daemon/run.h"
#include "node/comparison.h"
#include "node/node.h"
#include "node/rescue_command.h"

namespace {

class NodeService final : public sampan::daemon::Service {
 public:
  explicit NodeService(const sampan::settings::Settings& settings) : node_(settings, sampan::node::system_env()) {}
  sampan::Status start() override { return node_.start(); }
  void stop() override { node_.stop(); }
  sampan::Result<std::uint64_t> undelivered() override { return node_.undelivered(); }
  bool hangs() override { return node_.hangs(); }
  int intake_port() override { return node_.intake_port(); }
  sampan::settings::ReloadReport reload(sampan::settings::Settings next) override { return node_.reload(std::move(next)); }
  void on_reload_request(std::function<sampan::settings::ReloadReport()> reload) override {
    node_.on_reload_request(std::move(reload));
  }

 private:
  sampan::node::Node node_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--worker") return sampan::node::run_worker();  // before anything else is touched
  const auto build = [](const sampan::settings::Settings& settings) { return std::make_unique<NodeService>(settings); };
  return sampan::daemon::run({argv + 1, argv + argc}, build, sampan::node::run_rescue, std::cout, std::cerr);
}
