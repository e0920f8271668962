// PurgeRequest: which kept answers somebody wants thrown away, as it comes over the admin API.
//
// Values and pure functions; the body is one of change_body.hpp. An object that restricts nothing is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace weir::admin {

struct PurgeRequest {
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
std::string purge_body(PurgeRequest request);  // what parse_purge() reads
std::string purge_answer(PurgeCount const& count, bool dry_run);
// The server's half and the operation's half of `select`; an empty half is every one.
struct PurgeNames {
  std::string server;
  std::string operation;
};
PurgeNames names_of(PurgeRequest const& request);

}  // namespace weir::admin
