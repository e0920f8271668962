// What is said in a subscription of a modern client (MCP 2026-07-28, patterns/subscriptions).
//
// The acknowledgement names only what is honoured (P064, P066), which tasks never are; every message carries
// the id of the request, byte for byte (P065). Pure functions, any thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/call.hpp"
#include "core/outcome.hpp"
#include "router/list_stamps.hpp"

namespace weir::router {

struct Wanted {
  std::array<bool, std::tuple_size_v<ListStamps>> lists{};  // in the order of the stamps
  std::optional<std::vector<std::string>> uris;             // none: not asked for
  bool tasks = false;
};

// Nothing if it is not an object whose known members are of the right type.
std::optional<Wanted> read_wanted(std::string_view notifications);

std::string acknowledgement(core::Call const& call, Wanted const& honoured);
std::string list_changed(core::Call const& call, std::size_t list);
// `more`: what the server said besides, as core::said_besides() gives it.
std::string resource_changed(core::Call const& call, std::string_view uri, std::string_view more = {});
core::Outcome end_of_subscription(core::Call const& call);

}  // namespace weir::router
