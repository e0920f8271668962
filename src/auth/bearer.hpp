// The token of an Authorization field (RFC 6750 section 2.1). The only place where one is taken from: never a
// query, never a body.
//
// Pure; what is returned points into the field.
#pragma once

#include <algorithm>
#include <string_view>

namespace weir::auth {

inline constexpr std::size_t kBearerBytesMax = 16 * 1024;

// What follows "Bearer", in any letter case, and one or more spaces (RFC 9110 section 11.4); nothing for
// other schemes and for tokens that are too long.
inline std::string_view bearer_of(std::string_view authorization) noexcept {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    char const c = authorization[i];
    if (static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c) != kScheme[i]) return {};
  }
  auto const begin = std::min(authorization.find_first_not_of(' ', kScheme.size()), authorization.size());
  auto const token = authorization.substr(begin);
  return token.size() > kBearerBytesMax ? std::string_view{} : token;
}

}  // namespace weir::auth
