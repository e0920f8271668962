// PurgeRequest: which kept answers somebody wants thrown away, as it comes over the admin API.
//
// Values and pure functions. The body is a JSON object of at most kBodyBytesMax; unknown members are refused,
// because a misspelt restriction would purge more than was meant, and so is an object that restricts nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace weir::admin {

struct PurgeRequest {
  static constexpr std::size_t kBodyBytesMax = 16 * 1024;

  std::string select;     // `server`, or `server.operation`, both globs; "*" is everything; "" says nothing
  std::string uri;        // exact resource
  std::string principal;  // exact
  std::string tag;        // exact
  bool dry_run = false;
};

struct PurgeCount {  // entries that are, or would be, gone; nothing: the tier cannot say, or there is none
  std::optional<std::uint64_t> memory;
  std::optional<std::uint64_t> store;
};

// Errors: invalid_input, with a sentence for the caller.
base::Result<PurgeRequest> parse_purge(std::string_view body);
std::string purge_body(PurgeRequest const& request);  // what parse_purge() reads
std::string purge_answer(PurgeCount const& count, bool dry_run);
// The server's half and the operation's half of `select`; an empty half is every one.
struct PurgeNames {
  std::string server;
  std::string operation;
};
PurgeNames names_of(PurgeRequest const& request);

}  // namespace weir::admin
