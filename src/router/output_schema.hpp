// wrapped_schema: an outputSchema of any JSON as one of an object, for clients before 2026-07-28 (P085).
//
// {"type":"object","properties":{"result":<schema>},"required":["result"]}: what results are wrapped into by
// the far rim. References from the schema's root move with it, except below an `$id` of their own; literals
// (const, enum, default, examples) stay as they are. Pure, any thread. The schema is checked JSON.
#pragma once

#include <string>
#include <string_view>

namespace weir::router {

std::string wrapped_schema(std::string_view schema);

}  // namespace weir::router
