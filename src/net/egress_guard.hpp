// EgressGuard: which addresses may be connected to when somebody else named them: a server's metadata, an
// issuer's (T-53).
//
// A brain; immutable, any thread, shared. A URL is looked at before anything is resolved: https, and a host
// that has one reading. Then each address that a name leads to is looked at, at the place where it is
// connected to (Endpoint::guard): nothing is resolved twice, so no second answer can differ. Only addresses
// of the public internet pass, an IPv6 address that carries an IPv4 one counts as that; what the operator
// allows passes as well, and the loopback where the configured server itself is there. Sources: the IANA
// special-purpose address registries (RFC 6890), RFC 6052, RFC 3056, RFC 4380, RFC 5214.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::net {

struct Url;

struct AddressRange {
  std::array<std::uint8_t, 16> bytes{};  // an IPv4 address stands as ::ffff:a.b.c.d
  unsigned bits = 128;

  // "10.0.4.9", "10.0.0.0/24", "fd00::/8". Nothing when it is neither, or has bits beyond its length.
  static std::optional<AddressRange> parse(std::string_view text);
  bool operator==(AddressRange const&) const = default;
};

struct EgressRules {
  bool deny_private = true;         // false: every address passes
  bool loopback = false;            // the configured server is there too
  std::vector<AddressRange> allow;  // of the operator
};

class EgressGuard {
 public:
  explicit EgressGuard(EgressRules rules) : rules_(std::move(rules)) {}

  // Errors: denied, blame upstream.
  base::Result<void> check(Url const& url) const;
  bool permits(sockaddr const& address) const noexcept;

 private:
  bool permits(std::array<std::uint8_t, 16> const& address) const noexcept;
  EgressRules rules_;
};

// Whether a URL's host is written as an address of this machine, or as its name.
bool is_loopback_host(std::string_view host) noexcept;

}  // namespace weir::net
