// What a tool says of itself, as one text that two sightings can be compared by, and as lines for people.
//
// The definition is name, title, description, both schemas and annotations, as canonical JSON: another order
// of members or white space is no difference, and a member that stands twice counts twice. What else a server
// sends (_meta, icons, execution) may change from list to list and is left out. Pure functions, any thread.
// `tool` is an element of a list that ItemList took.
#pragma once

#include <string>
#include <string_view>

#include "router/hidden_text.hpp"

namespace weir::router {

std::string definition_of(std::string_view tool);
std::string definition_hash(std::string_view definition);  // SHA-256, 64 lower-case digits

// Of all names and texts in it, those of schemas too.
Hidden hidden_in_definition(std::string_view definition);

// Lines `- path: old` and `+ path: new` for what differs, hidden characters shown; at most kDiffLinesMax,
// each of at most kDiffLineBytesMax bytes.
inline constexpr std::size_t kDiffLinesMax = 60;
inline constexpr std::size_t kDiffLineBytesMax = 500;
std::string definition_diff(std::string_view before, std::string_view now);

// The lines that hold hidden characters, marked `! `, within the same bounds.
std::string hidden_lines(std::string_view definition);

}  // namespace weir::router
