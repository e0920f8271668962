// canonical_json: one text for all spellings of a JSON value, for digests; never sent.
//
// Members are sorted by key, white space goes, strings are written one way, whole numbers within ±(2^53−1)
// too; other numbers keep their spelling. Equal texts mean equal values. Pure functions, any thread. `json`
// has passed decode(): nothing here can fail. Cost: one pass, and a copy of each object whose keys are not in
// order, for each level of nesting (≤ 64).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace weir::mcp {

void append_canonical(std::string& out, std::string_view json);
std::string canonical_json(std::string_view json);

// The same of an object without its members of these names. "" if `json` is no object.
void append_canonical_object(std::string& out, std::string_view json,
                             std::span<std::string_view const> without);
std::string canonical_object(std::string_view json, std::span<std::string_view const> without);

}  // namespace weir::mcp
