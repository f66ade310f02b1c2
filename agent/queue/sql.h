// SPDX-License-Identifier: Apache-2.0
// Sql: SQLite held by its scope, its errors turned into ours.
//
// Threads: a connection belongs to one thread at a time.
// Fails:   SQLITE_FULL -> Errc::full; CORRUPT, NOTADB -> Errc::damaged; everything else -> Errc::io, with SQLite's words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sampan::queue {

class Sql;

// The statements of a connection that nobody uses just now, by their text: to prepare one costs many times what it costs to run it, and
// most questions are asked again a second later. Those used last are kept.
class SpareStatements {
 public:
  SpareStatements() = default;
  ~SpareStatements() { close(); }
  SpareStatements(const SpareStatements&) = delete;
  SpareStatements& operator=(const SpareStatements&) = delete;
  // Null where there is none.
  sqlite3_stmt* take(std::string_view text);
  void give(sqlite3_stmt* statement);
  // What comes back later is not kept.
  void close();
  std::size_t size() const { return spare_.size(); }

 private:
  std::list<sqlite3_stmt*> spare_;  // the one used last in front
  bool closed_ = false;
};

// Prepared once, used often: bind from 1, step, read columns from 0. begin() makes it ready for the next use.
class Statement {
 public:
  Statement() = default;
  Statement(Sql& sql, std::string_view text);
  ~Statement();
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;

  Statement& begin();
  Statement& bind(int at, std::int64_t value);
  Statement& bind(int at, ByteView blob);
  Statement& bind(int at, std::string_view text);
  // True: a row is there. Errors end the rows and stay in Sql::status().
  bool step();
  std::int64_t number(int column) const;
  ByteView blob(int column) const;
  std::string text(int column) const;
  // For statements without rows.
  void run() { step(), begin(); }

 private:
  Sql* sql_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  std::shared_ptr<SpareStatements> home_;  // it may outlive its connection
};

// A column of as many bytes as there is room for; one of any other length leaves it as it is.
void copy_fixed(ByteView column, ByteSpan into);

class Sql {
 public:
  static Result<std::unique_ptr<Sql>> open(const std::string& path, bool read_only);
  ~Sql();
  void execute(const char* text);
  // The first error since clear(). Later calls do nothing: an error may have ended the transaction, and what follows
  // would stand alone.
  const Status& status() const { return status_; }
  void refuse(Error error) {
    if (status_) status_ = std::move(error);
  }
  void clear() { status_ = Status{}; }
  std::int64_t changes() const;
  // How many statements wait for their next use.
  std::size_t spare() const { return spare_->size(); }

 private:
  friend class Statement;
  explicit Sql(sqlite3* handle) : handle_(handle) {}
  void note(int code);
  sqlite3* handle_;
  Status status_;
  std::shared_ptr<SpareStatements> spare_ = std::make_shared<SpareStatements>();
};

}  // namespace sampan::queue
