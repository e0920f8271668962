#include "store/redis_cures.hpp"

#include <algorithm>
#include <array>

namespace weir::store {
namespace {

struct Cure {
  std::string_view begins;  // of the error
  std::string_view advice;
};

constexpr std::string_view kRights =
    "its ACL does not allow what the cache does: see docs/operating.md for the rights it needs";

constexpr std::array kCures{
    Cure{"WRONGPASS", "wrong user or password: set caching.l2.username and caching.l2.password"},
    Cure{"ERR invalid password", "wrong password: set caching.l2.password"},
    Cure{"NOAUTH", "it wants a password: set caching.l2.password"},
    Cure{"ERR AUTH <password> called without", "it has no password: remove caching.l2.password"},
    Cure{"ERR Client sent AUTH, but no password", "it has no password: remove caching.l2.password"},
    Cure{"NOPERM", kRights},
    Cure{"ERR The user executing the script can't", kRights},
    Cure{"ERR ACL failure in script", kRights},
    Cure{"OOM", "its memory is full: raise its maxmemory, or choose maxmemory-policy volatile-lru"},
    Cure{"READONLY", "it is a replica: point caching.l2.host at the primary"},
    Cure{"MOVED", "it is a cluster, which is not supported: use a single node"},
    Cure{"ASK", "it is a cluster, which is not supported: use a single node"},
    Cure{"CROSSSLOT", "it is a cluster, which is not supported: use a single node"},
    Cure{"CLUSTERDOWN", "it is a cluster, which is not supported: use a single node"},
    Cure{"WRONGTYPE", "somebody else's value stands at a key of ours: set caching.l2.prefix"},
    Cure{"LOADING", "it is reading its data from disk: wait"},
    Cure{"MASTERDOWN", "it is a replica without its primary: wait, or point caching.l2.host at the primary"},
    Cure{"MISCONF", "it cannot save to disk and takes no writes: look at its log"},
    Cure{"BUSY", "a script of somebody keeps it busy: SCRIPT KILL"},
    Cure{"ERR unknown command",
         "it lacks a command that the cache needs: use Redis 5 or later, without renamed commands"},
    Cure{"ERR max number of clients", "it has too many connections: raise its maxclients"},
    Cure{"DENIED", "it is in protected mode: give it a password, and set caching.l2.password"},
    Cure{"ERR DB index", "it has no such database: set caching.l2.database"},
};

constexpr std::string_view kFromScript = "ERR Error running script";  // Redis 6 and older hide the code in it
constexpr std::size_t kShownMax = 60;

std::string_view line_of(std::string_view info, std::string_view name) {
  auto const at = info.find(name);
  if (at == std::string_view::npos) return {};
  auto const value = info.substr(at + name.size());
  return value.substr(0, value.find_first_of("\r\n"));
}

}  // namespace

std::string redis_cure(std::string_view error) {
  for (auto const& cure : kCures) {
    bool const script = error.starts_with(kFromScript) && error.find(cure.begins) != std::string_view::npos;
    if (!script && !error.starts_with(cure.begins)) continue;
    auto const code = cure.begins.starts_with("ERR ") ? cure.begins.substr(4) : cure.begins;
    return std::string("Redis says ").append(code).append("; ").append(cure.advice);
  }
  std::string shown(error.substr(0, std::min(error.find('\''), kShownMax)));
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return "Redis says " + shown;
}

std::string redis_memory_warning(std::string_view info) {
  auto const most = line_of(info, "\nmaxmemory:");
  auto const policy = line_of(info, "\nmaxmemory_policy:");
  if (most.empty() || most == "0" || policy != "noeviction") return {};
  return "maxmemory-policy is noeviction: when Redis is full, writes fail; choose volatile-lru";
}

}  // namespace weir::store
