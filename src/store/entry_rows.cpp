// The rows of EntryFile: finding, writing, leaving. Opening and bounds are in entry_file.cpp.
#include <algorithm>
#include <utility>

#include "base/glob.hpp"
#include "store/entry_file.hpp"

namespace weir::store {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kEvictRows = 32;

std::int64_t millis(base::WallTime time) noexcept { return time.time_since_epoch().count(); }

bool allows(std::string const& pattern, std::string_view text) noexcept {
  return pattern.empty() || base::glob_matches(pattern, text);
}

bool matches(RowFilter const& filter, Query const& row) noexcept {
  return allows(filter.what.server, row.bytes(1)) && allows(filter.what.operation, row.bytes(2)) &&
         (filter.what.target.empty() || filter.target == row.bytes(3)) &&
         (filter.what.who.empty() || filter.who == row.bytes(4));
}

}  // namespace

std::uint64_t EntryFile::cap_of(std::string_view server) const {
  auto const cap = limits_.entries_max.find(server);
  return cap == limits_.entries_max.end() ? UINT64_MAX : cap->second;
}

std::string EntryFile::digest_of(StoreKey const& key) const {
  std::string text = key.text();
  for (auto const* const part : {&key.labels.target, &key.labels.who}) {
    text.append("|").append(std::to_string(part->size())).append(":").append(*part);
  }
  return hash("entry", text);
}

EntryFile::Reading EntryFile::find(StoreKey const& key, base::WallTime now) {
  Reading reading;
  auto const digest = digest_of(key);
  std::int64_t id = 0;
  std::string server;
  std::int64_t turn = 0;
  {
    Query query(find_);
    if (!query.bind_blob(1, digest).step()) {
      reading.fault = fault(query.code());
      return reading;
    }
    id = query.number(0);
    reading.answer = sealer_.open(key, query.bytes(1));
    server = query.bytes(2);
    turn = query.number(3);
  }
  if (!reading.answer) {
    reading.rejected = true;
    reading.fault = transact([&] { return remove(id, server); });
  } else if (end_of(*reading.answer) <= now) {
    reading.answer.reset();
  } else if (turn_ - turn > static_cast<std::int64_t>(entries_ / 4) && uses_.size() < kUsesMax &&
             used_.insert(id).second) {
    uses_.push_back(id);  // those among the newest quarter are in no danger
  }
  return reading;
}

FileFault EntryFile::write(std::vector<Mark> const& marks, std::vector<Put> const& puts, Written& written) {
  std::vector<std::string> sealed;
  std::size_t bytes = 0;
  for (auto const& put : puts) {
    auto& made = sealed.emplace_back(sealer_.seal(put.key, put.answer));
    if (made.size() > record_bytes_max_) made.clear();
    written.refused += made.empty();
    bytes += made.size();
  }
  if (auto const what = make_room(bytes, written); what != FileFault::none) return what;
  auto const made = written;
  auto const what = transact_in_bounds([&] {
    written = made;
    int code = insert_marks(marks);
    if (code == SQLITE_OK) code = use_rows();
    for (std::size_t i = 0; code == SQLITE_OK && i < puts.size(); ++i) {
      if (!sealed[i].empty()) code = insert(puts[i], sealed[i], written);
    }
    return code;
  });
  if (what != FileFault::none) written = made;
  written.evicted += std::exchange(crowded_out_, 0);
  return what == FileFault::none ? checkpoint(false) : what;
}

int EntryFile::insert(Put const& put, std::string const& sealed, Written& written) {
  auto const& labels = put.key.labels;
  auto const digest = digest_of(put.key);
  auto const ends = millis(end_of(put.answer));
  auto const born = static_cast<std::int64_t>(put.answer.born);
  std::int64_t id = 0;
  {
    Query old(find_id_);
    if (old.bind_blob(1, digest).step()) id = old.number(0);
    if (old.code() != SQLITE_OK) return old.code();
  }
  int code = SQLITE_OK;
  if (id != 0) {
    code = Query(update_).bind(1, id).bind(2, born).bind(3, ends).bind(4, ++turn_).done();
  } else {
    auto const target = hash("target", labels.target);
    auto const who = hash("who", labels.who);
    Query query(insert_);
    query.bind_blob(1, digest).bind_text(2, labels.server).bind_text(3, labels.operation);
    query.bind_blob(4, target).bind_blob(5, who).bind(6, born).bind(7, ends).bind(8, ++turn_);
    code = query.done();
    id = sqlite3_last_insert_rowid(db_->get());
    ++entries_;
    ++entries_of_[labels.server];
  }
  if (code == SQLITE_OK) code = Query(put_body_).bind(1, id).bind_blob(2, sealed).done();
  if (code != SQLITE_OK) return code;
  ++written.entries;
  while (entries_of_[labels.server] > cap_of(labels.server)) {
    std::size_t removed = 0;
    code = evict(oldest_of_, labels.server, 1, removed);
    if (code != SQLITE_OK || removed == 0) return code;
    written.evicted += removed;
  }
  return SQLITE_OK;
}

int EntryFile::use_rows() {
  auto const rows = std::min(uses_.size(), kUsesBatch);
  for (std::size_t i = 0; i < rows; ++i) {
    int const code = Query(use_).bind(1, uses_[i]).bind(2, ++turn_).done();
    if (code != SQLITE_OK) return code;
  }
  for (std::size_t i = 0; i < rows; ++i) used_.erase(uses_[i]);
  uses_.erase(uses_.begin(), uses_.begin() + static_cast<std::ptrdiff_t>(rows));
  return SQLITE_OK;
}

FileFault EntryFile::note_uses() {
  return transact_in_bounds([this] { return use_rows(); });
}

// Indexes may grow by a few pages more than was thought. If others can make room it was the bound of the file
// and not the disk that said no.
FileFault EntryFile::transact_in_bounds(std::function<int()> const& work) {
  auto const what = transact(work);
  if (what != FileFault::full || entries_ == 0) return what;
  std::size_t removed = 0;
  auto const again = transact([&] { return evict(oldest_, {}, kEvictRows, removed); });
  crowded_out_ += removed;
  return again == FileFault::none ? transact(work) : again;
}

int EntryFile::remove(std::int64_t id, std::string const& server) {
  int code = Query(remove_).bind(1, id).done();
  if (code == SQLITE_OK) code = Query(remove_body_).bind(1, id).done();
  if (code != SQLITE_OK) return code;
  entries_ -= entries_ > 0;
  auto const of_server = entries_of_.find(server);
  if (of_server != entries_of_.end() && --of_server->second == 0) entries_of_.erase(of_server);
  return SQLITE_OK;
}

// `server` is what the statement asks for, if it asks.
int EntryFile::evict(Statement const& oldest, std::string const& server, std::size_t rows,
                     std::size_t& removed) {
  std::vector<std::pair<std::int64_t, std::string>> leaving;
  {
    Query query(oldest);
    query.bind_text(1, server).bind(2, static_cast<std::int64_t>(rows));
    while (query.step()) leaving.emplace_back(query.number(0), query.bytes(1));
    if (query.code() != SQLITE_OK) return query.code();
  }
  for (auto const& [id, of] : leaving) {
    if (int const code = remove(id, of); code != SQLITE_OK) return code;
    ++removed;
  }
  return SQLITE_OK;
}

std::int64_t EntryFile::pages_used() {
  Query all(page_count_);
  Query unused(free_count_);
  return all.step() && unused.step() ? all.number(0) - unused.number(0) : 0;
}

bool EntryFile::has_room(std::size_t bytes) {
  auto const slack = std::clamp<std::int64_t>(pages_max_ / 64, 16, 256);  // for the indexes
  return entries_ == 0 || pages_used() + static_cast<std::int64_t>(bytes / kPageBytes) + slack <= pages_max_;
}

// Uses count before anything leaves.
FileFault EntryFile::evict_some(std::uint64_t& evicted) {
  std::size_t removed = 0;
  auto what = FileFault::none;
  while (what == FileFault::none && !uses_.empty()) what = note_uses();
  if (what == FileFault::none) {
    what = transact([&] { return evict(oldest_, {}, kEvictRows, removed); });
  }
  if (what == FileFault::none) what = checkpoint(false);
  evicted += removed + std::exchange(crowded_out_, 0);
  return what;
}

FileFault EntryFile::make_room(std::size_t bytes, Written& written) {
  auto what = FileFault::none;
  while (what == FileFault::none && !has_room(bytes)) what = evict_some(written.evicted);
  return what;
}

FileFault EntryFile::sweep(base::WallTime now, std::size_t rows_max, bool& more) {
  std::vector<std::pair<std::int64_t, std::string>> leaving;
  {
    Query query(over_);
    query.bind(1, millis(now)).bind(2, static_cast<std::int64_t>(rows_max));
    while (query.step()) leaving.emplace_back(query.number(0), query.bytes(1));
    if (query.code() != SQLITE_OK) return fault(query.code());
  }
  more = leaving.size() == rows_max;
  if (leaving.empty()) return FileFault::none;
  return transact([&] {
    for (auto const& [id, server] : leaving) {
      if (int const code = remove(id, server); code != SQLITE_OK) return code;
    }
    return SQLITE_OK;
  });
}

FileFault EntryFile::shrink(bool& more, std::uint64_t& evicted) {
  more = false;
  for (auto const& [server, cap] : limits_.entries_max) {
    auto const count = entries_of_.find(server);
    if (count == entries_of_.end() || count->second <= cap) continue;
    auto const rows = std::min<std::uint64_t>(count->second - cap, kEvictRows);
    std::size_t removed = 0;
    auto const what = transact([&, &of = server] { return evict(oldest_of_, of, rows, removed); });
    evicted += removed;
    more = removed > 0;
    return what;
  }
  if (!has_room(0)) {
    more = true;
    return evict_some(evicted);
  }
  if (db_->number("PRAGMA page_count") <= pages_max_) return FileFault::none;
  auto what = transact([this] { return db_->run("PRAGMA incremental_vacuum(128)"); });
  if (what == FileFault::none) what = checkpoint(false);
  more = db_->number("PRAGMA page_count") > pages_max_ && db_->number("PRAGMA freelist_count") > 0;
  return what == FileFault::none ? set_limits(StoreLimits(limits_)) : what;
}

RowFilter EntryFile::filter_of(Selection const& what) const {
  return {what, hash("target", what.target), hash("who", what.who)};
}

RowCount EntryFile::count_of(Selection const& what, std::vector<Mark> const& marks,
                             base::WallTime now) const {
  RowCount count;
  count.filter = filter_of(what);
  count.now = now;
  for (auto const& mark : marks) {
    if (mark.gone) count.gone.emplace_back(filter_of(mark.what), mark.number);
  }
  return count;
}

FileFault EntryFile::count(RowCount& count, std::size_t rows, bool& more) {
  Query row(scan_);
  row.bind(1, count.after).bind(2, static_cast<std::int64_t>(rows));
  std::size_t seen = 0;
  for (; row.step(); ++seen) {
    count.after = row.number(0);
    auto const born = static_cast<std::uint64_t>(row.number(5));
    bool const gone = std::any_of(count.gone.begin(), count.gone.end(), [&](auto const& mark) {
      return mark.second > born && matches(mark.first, row);
    });
    count.found += !gone && row.number(6) > millis(count.now) && matches(count.filter, row);
  }
  more = seen == rows;
  return fault(row.code());
}

}  // namespace weir::store
