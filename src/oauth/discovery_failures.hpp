// DiscoveryFailures: the places where a document may be were asked and none had it: which of the failures is
// told, and in which words.
//
// Brain; pure; for one search. An absence says least, a peer in trouble most: the document may be there when
// it is asked again, so that it must not be taken for absent. Of two alike the first one counts.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "oauth/oauth_error.hpp"

namespace weir::oauth {

enum class Metadata : std::uint8_t { of_server, of_issuer };

// The place says that it has nothing.
bool is_absence(OAuthError const& error) noexcept;
// What goes for all places of that host: nobody can, or may, go there, or it wants to be left alone.
bool concerns_host(OAuthError const& error) noexcept;

// No answer, as failure_of() says it, with the cure where the guard has closed the address.
OAuthError not_reached(base::Error const& error);

// With what was asked for, and at which host ("": not known), and what can be done, where the error does not
// say so itself.
OAuthError at_step(OAuthError error, std::string_view what, std::string_view host);
OAuthError at_step(OAuthError error, Metadata what, std::string_view host);

class DiscoveryFailures {
 public:
  void add(OAuthError error);       // in the order of asking
  OAuthError most_telling() const;  // protocol, if none was added

 private:
  std::optional<OAuthError> told_;
};

}  // namespace weir::oauth
