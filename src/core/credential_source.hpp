// CredentialSource: what the gateway shows one server with each request, where that changes: tokens.
//
// One per server, on its worker, borrowed by its backend. It never gives out what a caller has shown: at most
// that was exchanged for something else. A null caller is the gateway itself, which asks for lists.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "core/principal.hpp"

namespace weir::core {

class CredentialSource {
 public:
  // Of the Authorization field; never null where promised. An empty one: the request shows none, because the
  // server may do without.
  using Value = std::shared_ptr<base::Secret const>;

  virtual ~CredentialSource() = default;
  // Whether callers have different ones; what the server keeps for one is then not for another.
  virtual bool per_caller() const noexcept = 0;
  // In whose name a server acts that knows this caller by their tokens: other words after another sign-in, or
  // when somebody else acts for the same subject. Valid while their value is at hand. Holds no secret.
  virtual std::string acts_as(Principal const& caller) const { return caller.id; }
  // Null when it is not at hand: obtain() it.
  virtual Value ready(Principal const* caller) = 0;
  virtual base::Task<base::Result<Value>> obtain(Principal const* caller, base::TimePoint deadline) = 0;
  // The value of the DPoP field of one request that shows `used`: proof that the gateway holds the key which
  // that is bound to, made anew for each. Empty: none is needed.
  virtual base::Result<base::Secret> proof(Principal const* /*caller*/, Value const&,
                                           std::string_view /*method*/, std::string_view /*url*/) {
    return base::Secret();
  }
  // The nonce that came with an answer from there ("": none), and its challenge where it was a 401. True: the
  // proof alone is refused, for want of that nonce: the request may be sent once more.
  virtual bool wants_nonce(Principal const* /*caller*/, std::string_view /*url*/, std::string_view /*nonce*/,
                           std::string_view /*challenge*/) {
    return false;
  }
  // The server answered 401 to `used`. `again`: also to the one that came after it, so that there is no use
  // in a third.
  virtual void refused(Principal const* caller, Value const& used, bool again) = 0;
  // The server answered 403 with this challenge: what is missing, and what to do about it. Nothing: it says
  // nothing of the token.
  virtual std::optional<base::Error> forbidden(Principal const* /*caller*/, std::string_view) const {
    return std::nullopt;
  }
};

}  // namespace weir::core
