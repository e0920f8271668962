#include "store/pin_file.hpp"

#include <sys/stat.h>

#include <utility>

namespace weir::store {
namespace {

constexpr char kTable[] =
    "CREATE TABLE IF NOT EXISTS pins(owner TEXT NOT NULL, tool TEXT NOT NULL, hash TEXT NOT NULL,"
    " definition TEXT NOT NULL, approved INTEGER NOT NULL, PRIMARY KEY(owner, tool)) WITHOUT ROWID";

base::Error broken(std::string const& name, std::string const& why) {
  base::Error error(base::Fault::internal, base::Blame::gateway, name + ": " + why);
  return std::move(error).advise("move the file away to trust all tools as they are now");
}

}  // namespace

base::Error PinFile::failure() const { return broken(name_, db_.message()); }

base::Result<std::unique_ptr<PinFile>> PinFile::open(std::filesystem::path const& file,
                                                     std::uint64_t bytes_max) {
  std::error_code failed;
  auto const folder = file.parent_path();
  bool const made = std::filesystem::create_directories(folder, failed);
  if (made) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
  if (failed) return broken(folder.string(), failed.message());
  Database db(file.string(), {});
  if (db.code() != SQLITE_OK) return broken(file.string(), db.message());
  ::chmod(file.c_str(), 0600);
  sqlite3_busy_timeout(db.get(), static_cast<int>(kBusyMax.count()));
  auto const page = db.number("PRAGMA page_size");
  auto const pages = "PRAGMA max_page_count=" +
                     std::to_string(bytes_max / static_cast<std::uint64_t>(page > 0 ? page : 4096));
  db.run(pages.c_str());
  if (db.run(kTable) != SQLITE_OK) return broken(file.string(), db.message());
  return std::unique_ptr<PinFile>(new PinFile(file.string(), std::move(db)));
}

base::Result<std::vector<PinRow>> PinFile::read(std::string_view owner, std::size_t most) {
  Statement const statement(
      db_, "SELECT tool, hash, definition, approved FROM pins WHERE owner=?1 ORDER BY tool LIMIT ?2");
  if (!statement) return failure();
  Query query(statement);
  query.bind_text(1, owner).bind(2, static_cast<std::int64_t>(most));
  std::vector<PinRow> rows;
  while (query.step()) {
    rows.push_back({std::string(query.bytes(0)), std::string(query.bytes(1)), std::string(query.bytes(2)),
                    query.number(3) != 0});
  }
  if (query.code() != SQLITE_OK) return failure();
  return rows;
}

bool PinFile::write_rows(std::string_view owner, std::vector<PinRow> const& rows, bool anew) {
  if (anew) {
    Statement const away(db_, "DELETE FROM pins WHERE owner=?1");
    if (!away || Query(away).bind_text(1, owner).done() != SQLITE_OK) return false;
  }
  Statement const put(db_,
                      "INSERT INTO pins VALUES(?1,?2,?3,?4,?5) ON CONFLICT DO UPDATE SET hash=excluded.hash,"
                      " definition=excluded.definition, approved=excluded.approved WHERE excluded.approved");
  if (!put) return false;
  for (auto const& row : rows) {
    Query query(put);
    query.bind_text(1, owner).bind_text(2, row.tool).bind_text(3, row.hash).bind_text(4, row.definition);
    if (query.bind(5, row.approved ? 1 : 0).done() != SQLITE_OK) return false;
  }
  return true;
}

base::Result<void> PinFile::write(std::string_view owner, std::vector<PinRow> const& rows, bool anew) {
  if (db_.run("BEGIN IMMEDIATE") != SQLITE_OK) return failure();
  if (write_rows(owner, rows, anew) && db_.run("COMMIT") == SQLITE_OK) return {};
  auto error = failure();
  db_.run("ROLLBACK");
  return error;
}

}  // namespace weir::store
