// KeptForm: how an answer is written while it is kept, and how it is handed out again.
//
// An answer is kept as one JSON-RPC response with id 0, as the client gets it but for `ttlMs` and
// `cacheScope`: how long it is good is known when it is handed out. Then they are put back, with what is left
// (P097), and `_meta` says where the answer came from and how old it is, for those who see no headers. The
// places that this needs are known beforehand, so nothing is parsed for a hit. Pure, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cache/freshness.hpp"
#include "core/outcome.hpp"

namespace weir::cache {

// The member of `_meta` in which a reused answer says so.
constexpr std::string_view kMetaKey = "dev.weir/cache";

struct KeptForm {
  std::string bytes;
  std::uint32_t meta_at = 0;  // place of the result's `_meta` object; 0: it has none
};

// What an answer is good for, besides being handed to the call that asked.
enum class Reuse {
  keep,   // complete: may be kept if it has a lifetime
  share,  // the same for calls that were waiting for it: a failed tool, an error
  never,  // belongs to this one call: a question to the client, a task (P090)
};
Reuse reuse_of(core::Outcome const& outcome) noexcept;
Hints hints_of(core::Outcome const& outcome);
// Whether it says of a resource that there is none.
bool says_not_found(core::Call const& call, core::Outcome const& outcome) noexcept;

KeptForm kept_form(core::Outcome const& outcome);  // of a result that may be kept

// The answer for this call. Notes in the call's facts what it is: a hit, a stale copy, or (miss) what was
// just fetched, which the client gets as the server sent it, but for what is left of its freshness.
core::Outcome handed_out(core::Call& call, KeptAnswer const& answer, bool for_everybody, core::CacheUse use,
                         std::string_view tier, base::TimePoint now);

}  // namespace weir::cache
