// SPDX-License-Identifier: Apache-2.0
#include "uplink/by_title_prover.h"

#include <doctest/doctest.h>

#include "prover_support.h"

using namespace sampan;
using namespace sampan::test;

namespace {

struct Asked {
  std::string title;
  std::vector<std::string> uids;
};

class Archive final : public core::Prover {
 public:
  Archive(std::string title, std::vector<Asked>& asked) : title_(std::move(title)), asked_(asked) {}
  void ask(std::span<const core::Item> batch, const core::ProofReport& report) override {
    asked_.push_back({title_, {}});
    for (const auto& item : batch) {
      asked_.back().uids.push_back(uid_of(item));
      if (title_ == "STRANGER")
        report(item.id, core::Unclear{"it refused the association for proof", {}});
      else
        report(item.id, core::Held{});
    }
  }
  void seek(std::span<const core::Item> batch, const core::ProofReport& report) override { ask(batch, report); }
  core::ProofWay way() const override { return title_ == "STRANGER" ? core::ProofWay::unknown : core::ProofWay::query; }
  void interrupt() override {}

 private:
  const std::string title_;
  std::vector<Asked>& asked_;
};

}  // namespace

TEST_CASE("each_origin_is_asked_about_under_its_own_title_and_one_that_is_refused_hides_no_other") {
  std::vector<Asked> asked;
  auto batch = items(4);
  const std::vector<std::string> titles{"CLINIC1", "STRANGER", "CLINIC1", "CLINIC2"};
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].facts.set(core::Fact::calling_ae, titles[i]);
  unsigned made = 0;
  const auto prover = uplink::make_by_title_prover({[](const core::Item& item) { return std::string(item.facts.get(core::Fact::calling_ae)); },
                                                    [&](const std::string& title) {
                                                      ++made;
                                                      return std::make_unique<Archive>(title, asked);
                                                    }});
  CHECK(prover->way() == core::ProofWay::unknown);
  for (int round = 0; round < 2; ++round) {
    asked.clear();
    const auto proofs = ask(*prover, batch);
    CHECK(std::holds_alternative<core::Held>(proofs[0]));
    CHECK(std::holds_alternative<core::Unclear>(proofs[1]));
    CHECK(std::holds_alternative<core::Held>(proofs[2]));
    CHECK(std::holds_alternative<core::Held>(proofs[3]));
    REQUIRE(asked.size() == 3);
    CHECK(asked[0].title == "CLINIC1");
    CHECK(asked[0].uids == std::vector<std::string>{uid_of(batch[0]), uid_of(batch[2])});
    CHECK(asked[1].title == "CLINIC2");
  }
  asked.clear();
  CHECK(seek(*prover, batch).size() == 3);
  CHECK(asked.size() == 3);
  CHECK(made == 3);
  CHECK(prover->way() == core::ProofWay::query);
}
