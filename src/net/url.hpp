// Url: an absolute http or https address of an upstream, taken apart once (RFC 3986), and references against
// it.
//
// A plain value made at start-up, reload, or when an upstream names an endpoint; not for hot paths. User
// information and other schemes are refused. Boost.URL stays inside url.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace weir::net {

struct Url {
  bool https = false;
  std::string host;        // lower case, for name look-up and TLS; an IPv6 address without brackets
  std::uint16_t port = 0;  // the scheme's default when not given
  std::string authority;   // for the Host field: brackets around IPv6, no default port
  std::string target;      // path and query for the request line; begins with '/'

  std::string text() const;  // scheme://authority + target
};

// At most kUrlBytesMax bytes. A fragment is refused. Errors: invalid_input, blame gateway.
inline constexpr std::size_t kUrlBytesMax = 8 * 1024;
base::Result<Url> parse_url(std::string_view text);

// `reference` may be absolute or relative (RFC 3986 5.2). Errors: protocol, blame upstream.
base::Result<Url> resolve_url(Url const& base, std::string_view reference);

bool same_origin(Url const& a, Url const& b) noexcept;  // scheme, host and port

}  // namespace weir::net
