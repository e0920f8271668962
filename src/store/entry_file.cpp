#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "base/assert.hpp"
#include "store/entry_file.hpp"

namespace weir::store {
namespace {

constexpr std::int64_t kPageBytes = 4096;
constexpr std::int64_t kApplication = 0x57656972;  // "Weir"
constexpr std::int64_t kFormat = 1;
constexpr std::uint64_t kBytesMin = 1 << 20;
constexpr std::uint64_t kReserveMax = 6 << 20;  // for the journal
constexpr std::int64_t kCheckpointPages = 256;

// Normal: the disk is waited for
// when the journal moves into the database, not for each transaction. No mapped reads: a disk that fails
// under a mapping kills the process.
constexpr char const* kSettings =
    "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL;"
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0; PRAGMA mmap_size=0;"
    "PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;";

// `turn`: when it was written or used last, as a growing number.
constexpr char const* kSchema =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE entry(id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, server TEXT NOT NULL,"
    "  operation TEXT NOT NULL, target BLOB NOT NULL, who BLOB NOT NULL, born INTEGER NOT NULL,"
    "  ends INTEGER NOT NULL, turn INTEGER NOT NULL);"
    "CREATE INDEX entry_ends ON entry(ends);"
    "CREATE INDEX entry_turn ON entry(turn);"
    "CREATE INDEX entry_server ON entry(server, turn);"
    "CREATE TABLE body(id INTEGER PRIMARY KEY, sealed BLOB NOT NULL);"
    "CREATE TABLE mark(number INTEGER PRIMARY KEY, sealed BLOB NOT NULL);"
    "PRAGMA application_id=1466263922; PRAGMA user_version=1;"
    "COMMIT;";
static_assert(kApplication == 1466263922);

// A mark is sealed as an answer to nobody's question; its number is bound to it.
StoreKey mark_key(std::uint64_t number) { return {{"", "mark", "", ""}, {0, number}}; }

// Tells with which secret the file was made.
StoreKey const& secret_key() {
  static StoreKey const kKey{{"", "secret", "", ""}, {}};
  return kKey;
}

StoredAnswer wrapped(std::string text, bool flag) {
  StoredAnswer answer;
  answer.bytes = std::move(text);
  answer.negative = flag;
  return answer;
}

}  // namespace

EntryFile::EntryFile(std::string file, std::string vfs, StoreSecret const& secret, RecordSealer const& sealer)
    : file_(std::move(file)), vfs_(std::move(vfs)), sealer_(sealer), index_key_(secret.derive("index")) {}

FileFault EntryFile::fault(int code) {
  auto const what = fault_of(code);
  if (what == FileFault::none) return what;
  auto const* cure = "look after that disk and who may write to it";
  if (what == FileFault::full) cure = "make room on that disk";
  if (what == FileFault::damaged) cure = "it is moved aside";
  if ((code & 0xFF) == SQLITE_BUSY) cure = "another program has it open; end that";
  why_ = fmt::format("{}: {}; {}", file_, sqlite3_errstr(code), cure);
  return what;
}

// What is counted in memory goes back, too, when the disk refuses.
FileFault EntryFile::transact(std::function<int()> const& work) {
  auto const entries = entries_;
  auto const entries_of = entries_of_;
  int code = db_->run("BEGIN IMMEDIATE");
  if (code == SQLITE_OK) code = work();
  if (code == SQLITE_OK) code = db_->run("COMMIT");
  if (code == SQLITE_OK) return FileFault::none;
  db_->run("ROLLBACK");
  entries_ = entries;
  entries_of_ = entries_of;
  return fault(code);
}

FileFault EntryFile::open(StoreLimits const& limits) {
  db_.emplace(file_, vfs_);
  if (db_->code() != SQLITE_OK) return fault(db_->code());
  // Nobody else's: so the index of the journal needs no shared file. Nothing is changed before it is ours.
  if (int const code = db_->run("PRAGMA locking_mode=EXCLUSIVE"); code != SQLITE_OK) return fault(code);
  auto const application = db_->number("PRAGMA application_id");
  auto const format = db_->number("PRAGMA user_version");
  auto const tables = db_->number("SELECT count(*) FROM sqlite_master");
  if (tables < 0) return fault(sqlite3_extended_errcode(db_->get()));
  if (application != (tables == 0 ? 0 : kApplication) || format > kFormat) {
    why_ =
        fmt::format("{} {}", file_, format > kFormat ? "was made by a newer Weir" : "was not made by Weir");
    return FileFault::damaged;
  }
  if (int const code = db_->run(kSettings); code != SQLITE_OK) return fault(code);
  // A bit that was lost on the disk may hide entries for good instead of showing: one look at all pages.
  if (tables > 0 && !db_->says_ok("PRAGMA integrity_check(1)")) {
    why_ = file_ + " is damaged";
    return FileFault::damaged;
  }
  auto outcome = tables == 0 ? make_schema() : FileFault::none;
  if (outcome == FileFault::none) outcome = prepare();
  if (outcome == FileFault::none) outcome = load();
  if (outcome == FileFault::none) outcome = set_limits(limits);
  return outcome;
}

FileFault EntryFile::make_schema() {
  if (int const code = db_->run(kSchema); code != SQLITE_OK) {
    db_->run("ROLLBACK");
    // Our own words are never wrong: what fails here is the disk.
    auto const what = fault(code);
    return what == FileFault::damaged ? FileFault::failed : what;
  }
  return FileFault::none;
}

FileFault EntryFile::prepare() {
  std::pair<Statement*, char const*> const all[] = {
      {&find_, "SELECT entry.id, sealed, server, turn FROM entry JOIN body USING (id) WHERE digest=?1"},
      {&find_id_, "SELECT id FROM entry WHERE digest=?1"},
      {&insert_,
       "INSERT INTO entry(digest, server, operation, target, who, born, ends, turn)"
       " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
      {&update_, "UPDATE entry SET born=?2, ends=?3, turn=?4 WHERE id=?1"},
      {&put_body_, "INSERT OR REPLACE INTO body(id, sealed) VALUES(?1, ?2)"},
      {&use_, "UPDATE entry SET turn=?2 WHERE id=?1"},
      {&remove_, "DELETE FROM entry WHERE id=?1"},
      {&remove_body_, "DELETE FROM body WHERE id=?1"},
      {&over_, "SELECT id, server FROM entry WHERE ends<=?1 ORDER BY ends LIMIT ?2"},
      {&oldest_, "SELECT id, server FROM entry ORDER BY turn LIMIT ?2"},
      {&oldest_of_, "SELECT id, server FROM entry WHERE server=?1 ORDER BY turn LIMIT ?2"},
      {&insert_mark_, "INSERT OR REPLACE INTO mark(number, sealed) VALUES(?1, ?2)"},
      {&clear_marks_, "DELETE FROM mark WHERE number>0"},
      {&scan_,
       "SELECT id, server, operation, target, who, born, ends FROM entry WHERE id>?1 ORDER BY id LIMIT ?2"},
      {&page_count_, "PRAGMA page_count"},
      {&free_count_, "PRAGMA freelist_count"},
  };
  for (auto const& [statement, sql] : all) {
    *statement = Statement(*db_, sql);
    if (!*statement) return fault(sqlite3_extended_errcode(db_->get()));
  }
  sqlite3_wal_hook(
      db_->get(),
      [](void* self, sqlite3*, char const*, int pages) {
        static_cast<EntryFile*>(self)->journal_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  return FileFault::none;
}

// Row 0 of the marks is no mark: it tells whether we have the secret that the file was made with.
FileFault EntryFile::load() {
  Statement const marks(*db_, "SELECT number, sealed FROM mark ORDER BY number");
  Statement const servers(*db_, "SELECT server, count(*) FROM entry GROUP BY server");
  if (!marks || !servers) return fault(sqlite3_extended_errcode(db_->get()));
  bool ours = false;
  Query mark(marks);
  while (mark.step()) {
    auto const number = static_cast<std::uint64_t>(mark.number(0));
    auto const text = sealer_.open(number == 0 ? secret_key() : mark_key(number), mark.bytes(1));
    other_secret_ = !text && number == 0;
    auto what = text && number != 0 ? parse_selection(text->bytes) : std::nullopt;
    if (!text || (number != 0 && !what)) {
      why_ = fmt::format("{} {}", file_, other_secret_ ? "was made with another secret" : "is damaged");
      return FileFault::damaged;
    }
    ours = true;
    if (what) marks_.push_back({*std::move(what), number, text->negative});
  }
  if (mark.code() != SQLITE_OK) return fault(mark.code());
  mark_rows_ = marks_.size();
  Query server(servers);
  while (server.step()) {
    auto const count = static_cast<std::uint64_t>(server.number(1));
    entries_of_.emplace(server.bytes(0), count);
    entries_ += count;
  }
  if (server.code() != SQLITE_OK) return fault(server.code());
  turn_ = db_->number("SELECT coalesce(max(turn), 0) FROM entry");
  if (turn_ < 0) return fault(sqlite3_extended_errcode(db_->get()));
  if (ours) return FileFault::none;
  return transact([this] {
    auto const sealed = sealer_.seal(secret_key(), wrapped("secret", false));
    return Query(insert_mark_).bind(1, 0).bind_blob(2, sealed).done();
  });
}

FileFault EntryFile::set_limits(StoreLimits const& limits) {
  limits_ = limits;
  auto const bytes = std::max(limits.bytes_max, kBytesMin);
  auto const reserve = std::min(bytes / 16, kReserveMax);
  pages_max_ = static_cast<std::int64_t>((bytes - reserve) / kPageBytes);
  record_bytes_max_ = std::min<std::size_t>(bytes / 32, RecordSealer::kRecordBytesMax);
  checkpoint_pages_ = static_cast<int>(
      std::clamp<std::int64_t>(static_cast<std::int64_t>(reserve) / kPageBytes / 4, 16, kCheckpointPages));
  // SQLite's own bound is the second fence. It goes no lower than the file is now; shrink() comes back here.
  auto const sql = fmt::format("PRAGMA max_page_count={}; PRAGMA journal_size_limit={};", pages_max_,
                               checkpoint_pages_ * kPageBytes);
  return fault(db_->run(sql.c_str()));
}

FileFault EntryFile::checkpoint(bool leisure) {
  if (journal_pages_ < (leisure ? checkpoint_pages_ : checkpoint_pages_ * 3 / 2)) return FileFault::none;
  int const code =
      sqlite3_wal_checkpoint_v2(db_->get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code == SQLITE_OK) journal_pages_ = 0;
  return fault(code);
}

FileFault EntryFile::replace_marks(std::vector<Mark> const& marks) {
  return transact([&] {
    int const code = Query(clear_marks_).done();
    mark_rows_ = 0;
    return code != SQLITE_OK ? code : insert_marks(marks);
  });
}

int EntryFile::insert_marks(std::vector<Mark> const& marks) {
  for (auto const& mark : marks) {
    auto const sealed = sealer_.seal(mark_key(mark.number), wrapped(mark.what.text(), mark.gone));
    int const code =
        Query(insert_mark_).bind(1, static_cast<std::int64_t>(mark.number)).bind_blob(2, sealed).done();
    if (code != SQLITE_OK) return code;
    ++mark_rows_;
  }
  return SQLITE_OK;
}

std::string EntryFile::hash(std::string_view domain, std::string_view text) const {
  auto const whole = fmt::format("{}:{}", domain, text);
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  auto const* const made = HMAC(EVP_sha256(), index_key_.data(), static_cast<int>(index_key_.size()),
                                reinterpret_cast<unsigned char const*>(whole.data()), whole.size(),
                                reinterpret_cast<unsigned char*>(out.data()), &size);
  WEIR_ASSERT(made != nullptr && size >= 16);
  out.resize(16);
  return out;
}

}  // namespace weir::store
