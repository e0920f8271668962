// TlsProfile: everything that a TLS context is made of, as bytes. TlsFlaw: what is wrong with them, for
// people.
//
// Values; whoever reads files or secrets makes one. The same struct serves both roles: of a client, whom it
// trusts and as whom it calls; of a server, its own certificate and whose clients it knows. PEM throughout.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/secret.hpp"

namespace weir::net {

struct TlsProfile {
  std::string authorities;  // client: empty = those of the system; server: empty = clients are not asked
  std::string chain;        // our certificate, then those between it and its authority; empty: none
  base::Secret key;         // of our certificate
  bool verify = true;       // client: whether the peer must prove who it is
  bool only_13 = false;     // TLS 1.3 and later; else 1.2 as well

  bool operator==(TlsProfile const&) const = default;
};

enum class TlsPart { authorities, chain, key };

struct TlsFlaw {
  TlsPart part;
  std::string what;  // "has expired on 2026-01-31"
  std::string fix;
};

// Nothing when a context can be made of it today. Authorities that have expired count only when all have.
std::optional<TlsFlaw> flaw_of(TlsProfile const& profile, base::WallTime now);

// Names a profile by all of its bytes (F-23), keyed with `secret`, which never leaves the process.
base::Digest digest_of(TlsProfile const& profile, base::Secret const& secret);

}  // namespace weir::net
