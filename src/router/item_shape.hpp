// Whether an element of a list has the types that the protocol gives its members.
//
// Clients check a whole list at once and drop all of it for one wrong member, so that one careless tool of
// one server would hide every other. Only types are looked at, not meanings; members that the protocol does
// not know may be anything. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "mcp/json_cursor.hpp"
#include "router/list_kind.hpp"

namespace weir::router {

// What is wrong with one member, as the end of a sentence ("has a description that is no string"); "" when
// nothing is. `any_output`: an outputSchema may describe anything, not just objects (since 2026-07-28).
std::string wrong_member(ListKind kind, std::string_view name, mcp::JsonKind is, std::string_view json,
                         bool any_output);

// The member, besides its key, without which an element is unreadable; "" for prompts.
std::string_view needed_member(ListKind kind) noexcept;

}  // namespace weir::router
