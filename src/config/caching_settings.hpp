// What `caching:` says, as plain structs. Defaults are the option table's; two that compare equal need
// nothing done on a reload.
//
// Part of Settings (config/settings.hpp): built once by load(), read by any thread. Sections for servers that
// are not configured were reported and are left out. Sizes and times are within the table's ranges.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"

namespace weir::config {

using std::chrono::milliseconds;

struct CacheMemory {
  bool enabled = true;
  milliseconds ttl{300'000};  // bounds the stay in memory
  std::uint64_t entries_max = 100;
  std::uint64_t bytes_max = 64'000'000;
  bool lru = false;  // else adaptive
  bool operator==(CacheMemory const&) const = default;
};

enum class StoreKind { none, embedded, redis };

struct CacheStore {
  StoreKind kind = StoreKind::none;
  std::string path;  // embedded: absolute; empty = wherever the process keeps its cache
  std::string host = "localhost";
  std::uint16_t port = 6379;
  bool tls = false;
  std::string ca;  // absolute; empty = the system's
  std::string username;
  base::Secret password;
  unsigned database = 0;
  std::string prefix;           // of every key; empty = the store's own
  milliseconds ttl{3'600'000};  // freshness where nothing else says
  std::uint64_t bytes_max = 100'000'000;
  base::Secret secret;  // values are sealed with it; empty = a key file of this machine
  bool operator==(CacheStore const&) const = default;
};

struct CacheServerRule {
  std::string server;
  std::optional<milliseconds> ttl;
  std::optional<std::uint64_t> entries_max;
  bool operator==(CacheServerRule const&) const = default;
};

struct CacheToolRule {
  std::string pattern;              // server.tool, a glob
  std::optional<milliseconds> ttl;  // zero: never cached
  std::optional<milliseconds> stale_while_revalidate;
  std::vector<std::string> ignore_args;
  bool shared = false;  // scope: public
  std::vector<std::string> tags;
  bool operator==(CacheToolRule const&) const = default;
};

struct CacheUpdateRule {
  std::string server;
  std::vector<std::string> operations;  // globs over the server's own tool names
  bool operator==(CacheUpdateRule const&) const = default;
};

struct CacheStaleRule {  // from `degradation`: the age up to which stale copies are kept
  std::string server;
  milliseconds age_max{};
  bool operator==(CacheStaleRule const&) const = default;
};

struct CacheSchedule {
  std::string cron;  // valid, and fires some day
  std::string timezone = "UTC";
  std::string purge;    // server.operation glob; "*" = everything; empty if `refresh` is set
  std::string refresh;  // likewise; exactly one of the two is set
  milliseconds spread{300'000};
  bool operator==(CacheSchedule const&) const = default;
};

struct Caching {
  bool configured = false;  // a `caching:` section exists
  bool enabled = true;      // false: no tier at all
  CacheMemory memory;
  CacheStore store;
  bool by_principal = false;                           // partition: principal; else by access token
  std::optional<milliseconds> stale_while_revalidate;  // none: a tenth of the lifetime, at most 30 s
  milliseconds negative{5'000};
  bool honour_hints = true;
  bool trust_hints = false;
  std::vector<CacheServerRule> servers;  // one each
  std::vector<CacheToolRule> tools;      // in the order of the files; the first match counts
  std::vector<CacheStaleRule> stale;     // one each
  bool on_update = true;
  std::vector<CacheUpdateRule> updates;  // one each
  std::vector<CacheSchedule> schedules;
  unsigned waiters_max = 16'384;  // callers that wait for calls which others made
  bool operator==(Caching const&) const = default;
};

}  // namespace weir::config
