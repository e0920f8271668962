// HttpHeads: the request heads of one HTTP upstream, in two parts: a fixed one, which has the operator's
// headers and the credential, and what each request adds.
//
// Brain; immutable, any thread. A head goes out with all that is configured, or not at all. The fixed part is
// sent from here and never copied, so that a credential stands in one place, which is wiped when its last
// user goes. Mcp-* headers are always made anew from the rewritten body, never copied from the client (P036);
// names and values outside the safe set travel base64-encoded (P031).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/call.hpp"
#include "core/credential_slot.hpp"
#include "net/url.hpp"

namespace weir::upstream {

// Request line, Host, `fields` and `more`. Made in one piece: growing would leave copies of the credential
// behind. The caller wipes it. Error: config, blaming the gateway, which names what cannot stand in a head.
base::Result<std::string> fixed_part(std::string_view method, net::Url const& url,
                                     core::CredentialFields const& fields, std::string_view more);

class HttpHeads {
 public:
  enum class Verb { post, get, del };

  // `fields`: the operator's headers and the credential, name and value.
  HttpHeads(net::Url const& url, core::CredentialFields const& fields);
  HttpHeads(HttpHeads&&) = default;
  HttpHeads& operator=(HttpHeads&&) = delete;
  ~HttpHeads();  // wipes what it holds

  base::Error const* unfit() const noexcept { return unfit_ ? &*unfit_ : nullptr; }  // why there are none

  // Request line and fixed fields. What follows it on the wire is what one of the functions below gives. ""
  // where they are unfit: what is sent then is no request.
  std::string_view fixed(Verb verb) const noexcept;

  // POST of a modern request carrying `method`; `target` is the name or uri as the server knows it.
  static std::string modern(mcp::Method method, mcp::Revision revision, std::string_view target,
                            std::size_t body_bytes);
  // The same for a client's call, with Mcp-Param-* from its arguments (P032).
  static std::string modern(core::Call const& call, mcp::Revision revision, std::size_t body_bytes);
  static std::string legacy(core::Call const& call, std::string_view session, std::string_view revision,
                            std::size_t body_bytes);
  // `session` and `revision` are left out while they are unknown.
  static std::string legacy(std::string_view session, std::string_view revision, std::size_t body_bytes);
  static std::string legacy_delete(std::string_view session, std::string_view revision);
  // GET, text/event-stream; `after`: the last event that came, or "".
  static std::string open_events(std::string_view session, std::string_view revision,
                                 std::string_view after = {});

 private:
  static void close(std::string& head, std::size_t body_bytes);
  std::string made(std::string_view method, net::Url const& url, core::CredentialFields const& fields,
                   std::string_view more);
  std::optional<base::Error> unfit_;
  std::string post_;
  std::string get_;
  std::string delete_;
};

}  // namespace weir::upstream
