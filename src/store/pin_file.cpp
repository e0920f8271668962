#include "store/pin_file.hpp"

#include <sys/stat.h>

#include <utility>

namespace weir::store {
namespace {

constexpr char kTable[] =
    "CREATE TABLE tenant_pins(owner TEXT NOT NULL, tenant TEXT NOT NULL, tool TEXT NOT NULL,"
    " hash TEXT NOT NULL, definition TEXT NOT NULL, approved INTEGER NOT NULL,"
    " PRIMARY KEY(owner, tenant, tool)) WITHOUT ROWID";
constexpr char kHasOld[] = "SELECT count(*) FROM sqlite_master WHERE type='table' AND name='pins'";
constexpr char kTakeOld[] =
    "INSERT INTO tenant_pins SELECT owner, '', tool, hash, definition, approved FROM pins; DROP TABLE pins";

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
  std::unique_ptr<PinFile> opened(new PinFile(file.string(), std::move(db)));
  if (!opened->make_table()) return opened->failure();
  auto const version = opened->db_.number("PRAGMA user_version");
  if (version == kVersion) return opened;
  return broken(file.string(), "is of version " + std::to_string(version) + ", of a later Weir");
}

// False: it failed. A file of another version is left as it is.
bool PinFile::make_table() {
  if (db_.number("PRAGMA user_version") > 0) return true;
  if (db_.run("BEGIN IMMEDIATE") != SQLITE_OK) return false;
  bool made = true;
  if (db_.number("PRAGMA user_version") == 0) {  // else another process has been here meanwhile
    made = db_.run(kTable) == SQLITE_OK && (db_.number(kHasOld) != 1 || db_.run(kTakeOld) == SQLITE_OK) &&
           db_.run("PRAGMA user_version=1") == SQLITE_OK;
  }
  if (made && db_.run("COMMIT") == SQLITE_OK) return true;
  db_.run("ROLLBACK");
  return false;
}

base::Result<std::vector<PinRow>> PinFile::read(std::string_view owner, std::size_t most) {
  Statement const statement(
      db_,
      "SELECT tenant, tool, hash, definition, approved FROM tenant_pins WHERE owner=?1 ORDER BY tenant, tool"
      " LIMIT ?2");
  if (!statement) return failure();
  Query query(statement);
  query.bind_text(1, owner).bind(2, static_cast<std::int64_t>(most));
  std::vector<PinRow> rows;
  while (query.step()) {
    rows.push_back({std::string(query.bytes(0)), std::string(query.bytes(1)), std::string(query.bytes(2)),
                    std::string(query.bytes(3)), query.number(4) != 0});
  }
  if (query.code() != SQLITE_OK) return failure();
  return rows;
}

bool PinFile::write_rows(std::string_view owner, std::vector<PinRow> const& rows, Write how) {
  std::string_view const tenant = rows.empty() ? std::string_view() : rows.front().tenant;
  if (how != Write::more) {
    Statement const away(db_, how == Write::all ? "DELETE FROM tenant_pins WHERE owner=?1"
                                                : "DELETE FROM tenant_pins WHERE owner=?1 AND tenant=?2");
    Query query(away);
    query.bind_text(1, owner);
    if (how == Write::tenant) query.bind_text(2, tenant);
    if (!away || query.done() != SQLITE_OK) return false;
  }
  Statement const put(
      db_,
      "INSERT INTO tenant_pins VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT DO UPDATE SET hash=excluded.hash,"
      " definition=excluded.definition, approved=excluded.approved WHERE excluded.approved");
  Statement const of_tenants(db_, "DELETE FROM tenant_pins WHERE owner=?1 AND tenant<>'' AND tool=?2");
  if (!put || !of_tenants) return false;
  for (auto const& row : rows) {
    Query query(put);
    query.bind_text(1, owner).bind_text(2, row.tenant).bind_text(3, row.tool).bind_text(4, row.hash);
    query.bind_text(5, row.definition);
    if (query.bind(6, row.approved ? 1 : 0).done() != SQLITE_OK) return false;
    if (!row.approved || !row.tenant.empty()) continue;
    if (Query(of_tenants).bind_text(1, owner).bind_text(2, row.tool).done() != SQLITE_OK) return false;
  }
  return true;
}

base::Result<void> PinFile::write(std::string_view owner, std::vector<PinRow> const& rows, Write how) {
  if (db_.run("BEGIN IMMEDIATE") != SQLITE_OK) return failure();
  if (write_rows(owner, rows, how) && db_.run("COMMIT") == SQLITE_OK) return {};
  auto error = failure();
  db_.run("ROLLBACK");
  return error;
}

}  // namespace weir::store
