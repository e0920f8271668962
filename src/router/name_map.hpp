// NameMap: the names that clients see for tools (or prompts) of many servers, and the exact way back (P073).
//
// Aggregated names are `{server}__{name}` in [A-Za-z0-9_-], every other byte replaced by `_`; longer ones
// than the limit end in `_` and 8 characters of a SHA-256 over server and name. Of several that would look
// alike the one that was not altered keeps its looks, all others get such an ending. Hence a name depends on
// the set of names only: not on order, restarts or machines. Bare names are left as they are; only looks
// shared after a rename are altered. Immutable after build(); any thread. The way back is a table, never a
// split. Cost of find: one hash.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.hpp"

namespace weir::router {

struct NameRules {
  static constexpr std::size_t kBytesMin = 24;   // room for a name beside the ending
  static constexpr std::size_t kBytesMax = 128;  // what MCP allows
  std::string prefix = "{server}__";             // {server} is replaced by the configured name
  std::size_t bytes_max = 60;                    // several clients refuse more than 60 or 64 bytes
  bool bare = false;                             // one server alone: no prefix, no replacing, no limit
};

struct OwnName {
  std::string_view server;  // configured name
  std::string_view own;     // as the server knows it; unique within the server
  std::string_view shown;   // after a rename, else equal to `own`
};

// The prefix of a server's aggregated names.
std::string exposed_prefix(NameRules const& rules, std::string_view server);

struct SeededHash {
  std::uint64_t seed = 0;
  std::size_t operator()(std::string_view text) const noexcept { return base::hash64(text, seed); }
};

class NameMap {
 public:
  NameMap() = default;
  NameMap(NameMap&&) noexcept = default;
  NameMap& operator=(NameMap&&) noexcept = default;
  NameMap(NameMap const&) = delete;
  NameMap& operator=(NameMap const&) = delete;

  // `names` is read during the call only. Exposed name i belongs to names[i].
  static NameMap build(NameRules const& rules, std::span<OwnName const> names, std::uint64_t seed);

  std::size_t size() const noexcept { return exposed_.size(); }
  std::string const& exposed(std::size_t index) const noexcept { return exposed_[index]; }
  std::optional<std::uint32_t> find(std::string_view exposed) const;

 private:
  std::vector<std::string> exposed_;  // never grows after build: the table's keys are views of it
  std::unordered_map<std::string_view, std::uint32_t, SeededHash> index_;
};

}  // namespace weir::router
