#include "oauth/discovery_failures.hpp"

#include <fmt/format.h>

#include "oauth/error_table.hpp"

namespace weir::oauth {

namespace {

int weight(OAuthError const& error) noexcept {
  if (is_absence(error)) return 0;
  switch (error.cause) {
    case Cause::throttle: return 5;
    case Cause::transient: return 4;
    case Cause::policy: return 3;
    case Cause::protocol: return 2;
    default: return 1;
  }
}

bool is_redirect(OAuthError const& error) noexcept { return error.status >= 300 && error.status < 400; }

std::string_view cure_at_server(OAuthError const& error) noexcept {
  // Without metadata that are named it would have been taken for a server of 2025-03-26.
  if (is_absence(error))
    return "The server's 401 names metadata that are not there; whoever runs the server has to see to it.";
  switch (error.cause) {
    case Cause::transient: return "The server's metadata cannot be had just now; try again when it answers.";
    case Cause::policy:
      return "`resource` in the server's metadata has to be its `url`; whoever runs the server has to see to "
             "it.";
    case Cause::protocol:
      return "The server has to publish its metadata (RFC 9728); whoever runs it has to see to it.";
    default: return {};
  }
}

std::string_view cure_at_issuer(OAuthError const& error) noexcept {
  if (error.cause == Cause::policy) {
    return "The issuer's metadata have to name it as the server does, byte for byte; whoever runs the two "
           "has to see to it.";
  }
  if (!is_absence(error) && error.cause != Cause::protocol) return {};
  return "The issuer has to publish its metadata (RFC 8414 or OpenID Connect Discovery); where no person "
         "signs in, `auth.token_url` does without.";
}

}  // namespace

bool is_absence(OAuthError const& error) noexcept {
  return error.cause == Cause::config && error.status >= 400;
}

bool concerns_host(OAuthError const& error) noexcept {
  return error.unsent || error.status == 429 || (error.cause == Cause::config && error.status == 0);
}

OAuthError not_reached(base::Error const& error) {
  auto failed = failure_of(error);
  if (error.fault == base::Fault::denied) {
    failed.advice =
        "An address that is not configured has to be https and of the public internet; "
        "`security.ssrf.allow` opens others.";
  }
  return failed;
}

OAuthError at_step(OAuthError error, std::string_view what, std::string_view host) {
  constexpr std::size_t kShownMax = 100;  // a stranger may have chosen it
  error.step = fmt::format("{}{}{}", what, host.empty() ? "" : " at ", host.substr(0, kShownMax));
  return error;
}

OAuthError at_step(OAuthError error, Metadata what, std::string_view host) {
  bool const server = what == Metadata::of_server;
  error = at_step(std::move(error), server ? "the metadata of the server" : "the issuer's metadata", host);
  if (!error.advice.empty()) return error;
  if (is_redirect(error)) {
    error.advice = "Weir follows no redirects there: the metadata have to be at that place itself.";
  } else {
    error.advice = server ? cure_at_server(error) : cure_at_issuer(error);
  }
  return error;
}

void DiscoveryFailures::add(OAuthError error) {
  if (!told_ || weight(error) > weight(*told_)) told_ = std::move(error);
}

OAuthError DiscoveryFailures::most_telling() const {
  return told_ ? *told_ : misfit(Cause::protocol, 404, "there is no place to ask");
}

}  // namespace weir::oauth
