// Database and Statement: SQLite with owners, and with failures that say what to do about them.
//
// One thread at a time. Nothing throws. A Statement is prepared once, lives no longer than its Database, and
// is reset by the end of each Query, so that none holds the file.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weir::store {

enum class FileFault {
  none,
  damaged,  // no database, or not ours, or inconsistent: begin afresh
  full,     // no room: the bound of the file, or the disk
  failed,   // the disk or the system refused; later may work
};

FileFault fault_of(int code) noexcept;  // an SQLite result

class Database {
 public:
  // `vfs`: "" is the system's. Test error() afterwards.
  Database(std::string const& file, std::string const& vfs);

  sqlite3* get() const noexcept { return db_.get(); }
  int run(char const* sql) noexcept { return sqlite3_exec(get(), sql, nullptr, nullptr, nullptr); }
  bool says_ok(char const* sql) noexcept;         // the first row is "ok"
  std::int64_t number(char const* sql) noexcept;  // the first column of the first row; -1 if there is none
  int code() const noexcept { return code_; }     // of opening
  std::string message() const { return sqlite3_errmsg(get()); }

 private:
  struct Close {
    void operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }
  };
  std::unique_ptr<sqlite3, Close> db_;
  int code_;
};

class Statement {
 public:
  Statement() = default;
  Statement(Database& db, std::string_view sql) {
    sqlite3_stmt* made = nullptr;
    sqlite3_prepare_v3(db.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &made,
                       nullptr);
    statement_.reset(made);
  }
  explicit operator bool() const noexcept { return statement_ != nullptr; }
  sqlite3_stmt* get() const noexcept { return statement_.get(); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// One use of a statement. What is bound must outlive it; what row() shows is good until the next step.
class Query {
 public:
  explicit Query(Statement const& statement) noexcept : at_(statement.get()) {}
  Query(Query const&) = delete;
  Query& operator=(Query const&) = delete;
  ~Query() {
    sqlite3_reset(at_);
    sqlite3_clear_bindings(at_);
  }
  Query& bind(int place, std::int64_t number) noexcept {
    sqlite3_bind_int64(at_, place, number);
    return *this;
  }
  Query& bind_text(int place, std::string_view text) noexcept {
    sqlite3_bind_text64(at_, place, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
    return *this;
  }
  Query& bind_blob(int place, std::string_view bytes) noexcept {
    sqlite3_bind_blob64(at_, place, bytes.data(), bytes.size(), SQLITE_STATIC);
    return *this;
  }
  bool step() noexcept { return (code_ = sqlite3_step(at_)) == SQLITE_ROW; }  // true: a row
  int done() noexcept {                                                       // for what has no rows
    step();
    return code();
  }
  // After step() said no: SQLITE_OK, or what failed.
  int code() const noexcept { return code_ == SQLITE_DONE || code_ == SQLITE_ROW ? SQLITE_OK : code_; }
  std::int64_t number(int column) const noexcept { return sqlite3_column_int64(at_, column); }
  std::string_view bytes(int column) const noexcept {
    auto const* const start = static_cast<char const*>(sqlite3_column_blob(at_, column));
    return {start, start == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(at_, column))};
  }

 private:
  sqlite3_stmt* at_;
  int code_ = SQLITE_OK;
};

}  // namespace weir::store
