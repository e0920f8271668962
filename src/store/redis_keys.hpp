// RedisKeys: what we keep in Redis and under which names; nothing else of the database is touched.
//
//   {prefix}mcp:{server}:{operation}:{hash}   a sealed record (record.hpp), with its end of life
//   {prefix}mcp::age, :ends                   sorted sets of those keys, by last write and by end of life
//   {prefix}mcp::of:{server}                  the same of one server, by last write
//   {prefix}mcp::rows                         hash: key to "size end target who"
//   {prefix}mcp::sums                         hash: bytes, entries
//   {prefix}mcp::now                          "epoch number": the sequence of invalidations
//   {prefix}mcp::marks                        hash: epoch; and for each mark its number, `gone` and a sealed
//   selection {prefix}mcp::news                         the channel of invalidations
//
// Server and operation can be read in a key, by people who look for one. Resources and owners cannot: a row
// has keyed hashes of them, a mark is sealed. Pure values, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.hpp"
#include "store/store_secret.hpp"

namespace weir::store {

struct RedisRow {
  Labels labels;  // target and who as hashes
  std::uint64_t size = 0;
  std::int64_t ends = 0;  // ms, by the clock of Redis
};

class RedisKeys {
 public:
  // What an entry is counted with: its record, its key in five places, and what Redis spends around them.
  // Measured by test/redis, which says when it is too little.
  static constexpr std::size_t kEntryBytes = 520;
  static std::size_t cost(std::string_view key, std::string_view record) noexcept {
    return record.size() + key.size() * 5 + kEntryBytes;
  }

  RedisKeys(std::string prefix, StoreSecret const& secret);
  ~RedisKeys();
  RedisKeys(RedisKeys const&) = delete;
  RedisKeys& operator=(RedisKeys const&) = delete;

  std::string const& prefix() const noexcept { return prefix_; }
  std::string value(StoreKey const& key) const { return prefix_ + key.text(); }
  std::string own(std::string_view name) const { return std::string(prefix_).append("mcp::").append(name); }
  std::vector<std::string> index() const { return {own("age"), own("ends"), own("rows"), own("sums")}; }
  std::vector<std::string> marks() const { return {own("now"), own("marks")}; }
  std::string of_server(std::string_view server) const;

  std::string row(Labels const& labels) const;  // "target who", "-" where there is none
  std::optional<RedisRow> parse_row(std::string_view key, std::string_view row) const;
  Selection hashed(Selection what) const;  // matches the labels of rows

  std::string hash(std::string_view kind, std::string_view text) const;  // "" of ""

 private:
  std::string const prefix_;
  StoreSecret::Key key_;
};

}  // namespace weir::store
