#include "store/sqlite.hpp"

namespace weir::store {

FileFault fault_of(int code) noexcept {
  switch (code & 0xFF) {
    case SQLITE_OK: return FileFault::none;
    case SQLITE_FULL: return FileFault::full;
    // What only a file with other contents than ours can bring about.
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_SCHEMA: return FileFault::damaged;
    default: break;
  }
  // A page that ends too early was cut off; it will not come back.
  return code == SQLITE_IOERR_SHORT_READ || code == SQLITE_IOERR_CORRUPTFS ? FileFault::damaged
                                                                           : FileFault::failed;
}

Database::Database(std::string const& file, std::string const& vfs) {
  sqlite3* made = nullptr;
  constexpr int kFlags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  code_ = sqlite3_open_v2(file.c_str(), &made, kFlags, vfs.empty() ? nullptr : vfs.c_str());
  db_.reset(made);
  if (code_ == SQLITE_OK) sqlite3_extended_result_codes(made, 1);
}

bool Database::says_ok(char const* sql) noexcept {
  Statement const statement(*this, sql);
  if (!statement) return false;
  Query query(statement);
  return query.step() && query.bytes(0) == "ok";
}

std::int64_t Database::number(char const* sql) noexcept {
  Statement const statement(*this, sql);
  if (!statement) return -1;
  Query query(statement);
  return query.step() ? query.number(0) : -1;
}

}  // namespace weir::store
