// Where results hold URIs of servers, and how those become the ones that clients know.
//
// Only `uri` members of resources, their contents, links to them and skills are looked at (MCP 2026-07-28,
// server/resources and server/tools; extension Skills): never text, structuredContent, `_meta` or
// frontmatter, so that the bytes of files stay what they are (P120). Pure functions, any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/call.hpp"

namespace weir::router {

using ShownUri = std::function<std::string(std::string_view own)>;

// `json`, a message or a part of one, with each such URI replaced; every other byte as it was.
std::string with_shown_uris(std::string_view json, ShownUri const& shown);

// The same for an answer; errors stay as they are.
core::Outcome with_shown_uris(core::Outcome outcome, ShownUri const& shown);

// own "scheme://rest", server "s": "scheme://s/rest". "" if it cannot be told apart that way.
std::string prefixed_uri(std::string_view own, std::string_view server);

// The way back: "scheme://rest" of "scheme://s/rest"; "" if it does not begin like that.
std::string unprefixed_uri(std::string_view shown, std::string_view server);

}  // namespace weir::router
