// SPDX-License-Identifier: Apache-2.0
#include "queue/question.h"

#include "base/log.h"

namespace sampan::queue {

Result<std::unique_ptr<LedgerView>> LedgerView::open(const std::string& path) {
  auto sql = Sql::open(path, true);
  if (!sql) return sql.error();
  (*sql)->execute("PRAGMA cache_size=-2048; PRAGMA mmap_size=0");
  if (!(*sql)->status()) return (*sql)->status().error();
  return std::unique_ptr<LedgerView>(new LedgerView(std::move(*sql)));
}

Question::Question(LedgerView& view) : view_(view), lock_(view.mutex_) {
  view_.sql_->clear();
  view_.sql_->execute("BEGIN");
}

Question::~Question() {
  if (const Status& status = view_.sql_->status(); !status) {
    log::warn(status.error().message);
    ++view_.failures_;
    if (status.error().code == Errc::damaged) view_.found_damage_ = true;
  }
  view_.sql_->clear();
  view_.sql_->execute("COMMIT");
}

}  // namespace sampan::queue
