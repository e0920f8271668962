// The header fields that tell what the cache did for a call: Cache-Status (RFC 9211) and Age (RFC 9111).
//
// Pure functions. Nothing is said of calls that are not cached.
#pragma once

#include <string>
#include <string_view>

#include "core/call.hpp"

namespace weir::edge {

void append_cache_fields(std::string& fields, core::CacheFacts const& facts);  // complete lines

std::string_view word_of(core::CacheUse use) noexcept;  // for the access line; "" where there is no cache

}  // namespace weir::edge
