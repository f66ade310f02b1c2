// SPDX-License-Identifier: Apache-2.0
#include "queue/sql.h"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

namespace sampan::queue {
namespace {

constexpr std::size_t spare_max = 128;  // a few KB each

}  // namespace

sqlite3_stmt* SpareStatements::take(std::string_view text) {
  const auto found = std::ranges::find_if(spare_, [&](sqlite3_stmt* spare) { return text == sqlite3_sql(spare); });
  if (found == spare_.end()) return nullptr;
  sqlite3_stmt* statement = *found;
  spare_.erase(found);
  return statement;
}
void SpareStatements::give(sqlite3_stmt* statement) {
  if (statement == nullptr) return;
  if (closed_) {
    sqlite3_finalize(statement);
    return;
  }
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  spare_.push_front(statement);
  if (spare_.size() <= spare_max) return;
  sqlite3_finalize(spare_.back());
  spare_.pop_back();
}
void SpareStatements::close() {
  closed_ = true;
  for (sqlite3_stmt* statement : spare_) sqlite3_finalize(statement);
  spare_.clear();
}

void copy_fixed(ByteView column, ByteSpan into) {
  if (column.size() == into.size()) std::ranges::copy(column, into.begin());
}

Result<std::unique_ptr<Sql>> Sql::open(const std::string& path, bool read_only) {
  sqlite3* handle = nullptr;
  const int flags = (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  std::unique_ptr<Sql> sql(new Sql(handle));
  sql->note(code);
  if (!sql->status()) return sql->status().error();
  sqlite3_busy_timeout(handle, 5000);
  return sql;
}

Sql::~Sql() {
  spare_->close();
  sqlite3_close_v2(handle_);
}

void Sql::note(int code) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE || !status_.ok()) return;
  const int primary = code & 0xff;
  const Errc kind = primary == SQLITE_FULL                                  ? Errc::full
                    : primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB ? Errc::damaged
                                                                            : Errc::io;
  status_ = Status(fail(kind, std::string("ledger: ") + sqlite3_errstr(code) + ": " + sqlite3_errmsg(handle_)));
}

void Sql::execute(const char* text) {
  if (!status_) return;
  note(sqlite3_exec(handle_, text, nullptr, nullptr, nullptr));
}
std::int64_t Sql::changes() const { return sqlite3_changes64(handle_); }

Statement::Statement(Sql& sql, std::string_view text) : sql_(&sql), statement_(sql.spare_->take(text)), home_(sql.spare_) {
  if (statement_ != nullptr) return;
  sql.note(sqlite3_prepare_v3(sql.handle_, text.data(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT, &statement_, nullptr));
}
Statement::~Statement() {
  if (home_) home_->give(statement_);
}
Statement::Statement(Statement&& other) noexcept
    : sql_(other.sql_), statement_(std::exchange(other.statement_, nullptr)), home_(std::move(other.home_)) {}
Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(sql_, other.sql_);
  std::swap(statement_, other.statement_);
  std::swap(home_, other.home_);
  return *this;
}

Statement& Statement::begin() {
  sqlite3_reset(statement_);
  return *this;
}
Statement& Statement::bind(int at, std::int64_t value) {
  sql_->note(sqlite3_bind_int64(statement_, at, value));
  return *this;
}
Statement& Statement::bind(int at, ByteView blob) {
  sql_->note(sqlite3_bind_blob64(statement_, at, blob.data(), blob.size(), SQLITE_TRANSIENT));
  return *this;
}
Statement& Statement::bind(int at, std::string_view text) {
  sql_->note(sqlite3_bind_text64(statement_, at, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}
bool Statement::step() {
  if (statement_ == nullptr || !sql_->status()) return false;
  const int code = sqlite3_step(statement_);
  sql_->note(code);
  return code == SQLITE_ROW;
}
std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_, column); }
ByteView Statement::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}
std::string Statement::text(int column) const { return std::string(as_text(blob(column))); }

}  // namespace sampan::queue
