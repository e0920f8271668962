// The words in which single watched resources are spoken of, between layers and on the wire (MCP 2026-07-28,
// patterns/subscriptions; earlier revisions, server/resources).
//
// Pure functions, any thread. Malformed JSON gives nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/message.hpp"

namespace weir::core {

// The member resourceSubscriptions of a `notifications` object, each URI once; empty without it. Nothing: it
// is no array of strings that have a text.
std::optional<std::vector<std::string>> read_watched(std::string_view notifications);

// [ "uri", … ]
std::string write_uris(std::vector<std::string> const& uris);

// The params of a subscription to these alone.
std::string listen_params(std::vector<std::string> const& uris);

// What a notifications/resources/updated says besides its uri: the other members of its params, each as it
// came but for keys of `_meta` that concern one hop (P082, P118), without a comma in front. "" if that is
// nothing, or more than kBesidesMax bytes: they may be kept for each reader.
inline constexpr std::size_t kBesidesMax = 1024;
std::string said_besides(mcp::Message const& update);

// notifications/resources/updated; `more`: further members of its params, without a comma in front.
std::string resource_updated(std::string_view uri, std::string_view more = {});

}  // namespace weir::core
