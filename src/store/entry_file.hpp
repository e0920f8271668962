// EntryFile: the embedded store's database: sealed answers, what they are of, and the marks.
//
// Owned and used by the store's thread alone; blocks on the disk. The file names servers and operations, so
// that people can count; whose an answer is and of which resource stand in it as keyed hashes, the rest is
// sealed (record.hpp). Every change is a transaction: after a kill each is there whole or not at all, in
// order; after a power failure the last ones may be missing. Bounds: database and journal together stay
// within `bytes_max`, from 64 MiB on; below that the journal may need up to 4 MiB beside it. What was written
// or used longest ago makes room. An answer over a 32nd of `bytes_max` is not kept. Functions that change
// something return what failed, and then changed nothing; after `damaged` or `failed` only closing is left.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "store/mark_book.hpp"
#include "store/put_queue.hpp"
#include "store/record.hpp"
#include "store/sqlite.hpp"

namespace weir::store {

// Which rows are meant, in the words of the file.
struct RowFilter {
  Selection what;
  std::string target;  // as the file has it
  std::string who;
};

struct RowCount {
  RowFilter filter;
  std::vector<std::pair<RowFilter, std::uint64_t>> gone;  // rows that a mark of that number threw away
  base::WallTime now{};
  std::int64_t after = 0;  // the row that was looked at last
  std::uint64_t found = 0;
};

class EntryFile {
 public:
  static constexpr std::size_t kBatchEntries = 32;
  static constexpr std::size_t kBatchBytes = 512 * 1024;
  static constexpr std::size_t kUsesBatch = 64;
  static constexpr std::size_t kUsesMax = 1024;

  EntryFile(std::string file, std::string vfs, StoreSecret const& secret, RecordSealer const& sealer);

  // `none`, `failed`, `full`, or `damaged`: then it must be cleared away before the next attempt.
  FileFault open(StoreLimits const& limits);
  std::string const& why() const noexcept { return why_; }      // one line about the last fault
  bool other_secret() const noexcept { return other_secret_; }  // the damage is just that
  std::vector<Mark> take_marks() { return std::move(marks_); }  // as they were in the file when it was opened

  struct Reading {
    FileFault fault = FileFault::none;
    bool rejected = false;  // there is one, and it is not authentic
    std::optional<StoredAnswer> answer;
  };
  Reading find(StoreKey const& key, base::WallTime now);

  // Marks first, so that none is missing where a later answer is there. `evicted`, `refused`: added to.
  struct Written {
    std::uint64_t entries = 0, evicted = 0, refused = 0;
  };
  FileFault write(std::vector<Mark> const& marks, std::vector<Put> const& puts, Written& written);
  FileFault replace_marks(std::vector<Mark> const& marks);
  bool too_many_marks() const noexcept { return mark_rows_ > 2 * MarkBook::kMarksMax; }

  // Uses are kept in memory until something is written, or has to leave. Above kUsesMax they are forgotten.
  FileFault note_uses();
  // Up to `rows_max` entries whose time is over leave; `more`: there may be others.
  FileFault sweep(base::WallTime now, std::size_t rows_max, bool& more);
  // One step towards the limits; `more`: there is more to do.
  FileFault set_limits(StoreLimits const& limits);
  FileFault shrink(bool& more, std::uint64_t& evicted);
  // Moves the journal into the database when it is long; at leisure earlier than in the middle of work.
  FileFault checkpoint(bool leisure);

  RowCount count_of(Selection const& what, std::vector<Mark> const& marks, base::WallTime now) const;
  FileFault count(RowCount& count, std::size_t rows, bool& more);
  std::uint64_t entries() const noexcept { return entries_; }

 private:
  FileFault fault(int code);
  FileFault make_schema();
  FileFault load();
  FileFault prepare();
  FileFault transact(std::function<int()> const& work);
  FileFault transact_in_bounds(std::function<int()> const& work);
  int insert(Put const& put, std::string const& sealed, Written& written);
  int insert_marks(std::vector<Mark> const& marks);
  int use_rows();
  int remove(std::int64_t id, std::string const& server);
  int evict(Statement const& oldest, std::string const& server, std::size_t rows, std::size_t& removed);
  bool has_room(std::size_t bytes);
  FileFault evict_some(std::uint64_t& evicted);
  FileFault make_room(std::size_t bytes, Written& written);
  std::int64_t pages_used();
  std::uint64_t cap_of(std::string_view server) const;
  std::string hash(std::string_view domain, std::string_view text) const;
  std::string digest_of(StoreKey const& key) const;
  RowFilter filter_of(Selection const& what) const;

  std::string const file_;
  std::string const vfs_;
  RecordSealer const& sealer_;
  StoreSecret::Key const index_key_;
  std::optional<Database> db_;
  Statement find_, find_id_, insert_, update_, put_body_, use_, remove_, remove_body_, over_, oldest_,
      oldest_of_, insert_mark_, clear_marks_, scan_, page_count_, free_count_;
  std::string why_;
  bool other_secret_ = false;
  std::vector<Mark> marks_;
  StoreLimits limits_;
  std::int64_t pages_max_ = 0;
  std::size_t record_bytes_max_ = 0;
  int checkpoint_pages_ = 0;
  int journal_pages_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> entries_of_;
  std::uint64_t entries_ = 0;
  std::uint64_t mark_rows_ = 0;
  std::int64_t turn_ = 0;  // grows with each write and use
  std::vector<std::int64_t> uses_;
  std::unordered_set<std::int64_t> used_;
  std::uint64_t crowded_out_ = 0;  // left because an index grew; not told yet
};

}  // namespace weir::store
