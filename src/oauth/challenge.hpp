// Challenge: what a server says with its 401 of where its tokens come from.
//
// Pure; any thread; the text is a stranger's. Bearer and DPoP challenges count, the first one first, and
// what it leaves out as another one says; others are passed over; a parameter that comes twice makes one
// unreadable; a value may stand without quotes, whatever it holds. At most kTextMax bytes are looked at.
// Sources: RFC 9110 11.6.1, RFC 6750 3, RFC 9449 7.1, RFC 9728 5.1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::oauth {

struct Challenge {
  static constexpr std::size_t kTextMax = 8 * 1024;

  std::string resource_metadata;  // a URL, as written
  std::vector<std::string> scopes;
  std::string error;

  bool names_metadata() const noexcept { return !resource_metadata.empty(); }

  enum class Scheme : std::uint8_t { any, dpop };
  static std::optional<Challenge> parse(std::string_view field, Scheme wanted = Scheme::any);
};

}  // namespace weir::oauth
