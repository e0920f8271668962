#include "edge/cache_fields.hpp"

#include <algorithm>

namespace weir::edge {

using core::CacheUse;

namespace {

// Whole seconds, rounded so that nothing looks fresher than it is.
long long seconds_of(base::Duration duration) noexcept {
  return std::chrono::floor<std::chrono::seconds>(duration).count();
}

}  // namespace

std::string_view word_of(CacheUse use) noexcept {
  switch (use) {
    case CacheUse::none: break;
    case CacheUse::hit: return "hit";
    case CacheUse::stale: return "stale";
    case CacheUse::miss: return "miss";
    case CacheUse::bypass: return "bypass";
  }
  return {};
}

void append_cache_fields(std::string& fields, core::CacheFacts const& facts) {
  if (facts.use == CacheUse::none) return;
  fields += "Cache-Status: weir";
  if (facts.use == CacheUse::hit || facts.use == CacheUse::stale) {
    fields.append("; hit; ttl=").append(std::to_string(seconds_of(facts.left)));
    fields.append("; detail=").append(facts.tier);
    auto const age = std::max<long long>(seconds_of(facts.age), 0);
    fields.append("\r\nAge: ").append(std::to_string(age)).append("\r\n");
    return;
  }
  fields += facts.use == CacheUse::bypass ? "; fwd=request" : "; fwd=miss";
  if (facts.stored) fields += "; stored";
  if (facts.joined) fields += "; collapsed";
  fields += "\r\n";
}

}  // namespace weir::edge
