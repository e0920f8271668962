// AnswerClass: what kind of answer a caller got: the server's own, something that stands in for it, or an
// honest error (F-52).
//
// Read from what Weir writes into `_meta`: dev.weir/degraded, dev.weir/cache, and io.weir/error in the
// results that errors of tool calls become. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mcp/message.hpp"

namespace weir::chaos {

enum class AnswerClass : std::uint8_t { fresh, stale, backup, other_server, standard, error };
inline constexpr std::size_t kAnswerClasses = 6;

std::string_view name_of(AnswerClass of) noexcept;
// An answer that helps: fresh, stale, from the backup or from another server.
bool is_useful(AnswerClass of) noexcept;

// Of a result or an error.
AnswerClass class_of(mcp::Message const& answer);

// Why there is only an error: Weir's reason, else what it is. Bounded: texts of servers do not count.
std::string reason_of(mcp::Message const& answer);

// The token of a member of an object, by keys from outside in; "" where there is none.
std::string_view token_at(std::string_view object, std::initializer_list<std::string_view> keys);

}  // namespace weir::chaos
