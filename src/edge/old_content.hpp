// What results hold that a client's revision has no word for: said as text, which every client can show.
//
// A client may refuse a whole result over a `type` that it does not know. Before 2025-06-18 links to
// resources become "NAME: URI", before 2025-03-26 audio becomes a note; in results of tools/call and
// prompts/get, the only ones that have content. Everything else stays byte for byte. Pure, any thread; costs
// a search of the bytes, and that for clients of those revisions only.
#pragma once

#include "core/call.hpp"

namespace weir::edge {

core::Outcome in_words_of(core::Call const& call, core::Outcome outcome);

}  // namespace weir::edge
