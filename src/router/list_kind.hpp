// ListKind: the four lists of MCP and that of its extension Skills as a table.
//
// Each is asked for by one method, answered in one member of the result, and identifies its elements by one
// key. Constant, any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "mcp/message.hpp"
#include "mcp/method.hpp"

namespace weir::router {

enum class ListKind : std::uint8_t { tools, prompts, resources, templates, skills };

inline constexpr std::array kListKinds{ListKind::tools, ListKind::prompts, ListKind::resources,
                                       ListKind::templates, ListKind::skills};

struct ListTraits {
  mcp::Method method;       // that asks for it
  mcp::Field field;         // of the result
  std::string_view member;  // the same as a JSON key
  std::string_view key;     // the member that identifies an element
};

ListTraits const& traits_of(ListKind kind) noexcept;
std::optional<ListKind> list_of(mcp::Method method) noexcept;  // of a list request

}  // namespace weir::router
