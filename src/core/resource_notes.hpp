// The words in which single watched resources are spoken of, between layers and on the wire (MCP 2026-07-28,
// patterns/subscriptions; earlier revisions, server/resources).
//
// Pure functions, any thread. Malformed JSON gives nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::core {

// The member resourceSubscriptions of a `notifications` object, each URI once; empty without it. Nothing: it
// is no array of strings that have a text.
std::optional<std::vector<std::string>> read_watched(std::string_view notifications);

// [ "uri", … ]
std::string write_uris(std::vector<std::string> const& uris);

// The params of a subscription to these alone.
std::string listen_params(std::vector<std::string> const& uris);

// notifications/resources/updated; `more`: further members of its params, without a comma in front.
std::string resource_updated(std::string_view uri, std::string_view more = {});

}  // namespace weir::core
