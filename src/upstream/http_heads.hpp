// HttpHeads: the request heads of one HTTP upstream, rendered from a fixed part and what each call adds.
//
// Brain; immutable, any thread. Mcp-* headers are always made anew from the rewritten body, never copied from
// the client (P036); names and values outside the safe set travel base64-encoded (P031).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/call.hpp"
#include "net/url.hpp"
#include "upstream/credential_slot.hpp"

namespace weir::upstream {

class HttpHeads {
 public:
  // `fields`: the operator's headers and the credential, name and value.
  HttpHeads(net::Url const& url, std::vector<std::pair<std::string, std::string>> const& fields);
  HttpHeads(net::Url const& url, CredentialFields const& fields);
  HttpHeads(HttpHeads&&) = default;
  HttpHeads& operator=(HttpHeads&&) = delete;
  ~HttpHeads();  // wipes what it holds

  // Head of a modern request carrying `method`; `target` is the name or uri as the server knows it.
  std::string modern(mcp::Method method, mcp::Revision revision, std::string_view target,
                     std::size_t body_bytes) const;
  // The same for a client's call, with Mcp-Param-* from its arguments (P032).
  std::string modern(core::Call const& call, mcp::Revision revision, std::size_t body_bytes) const;
  std::string legacy(core::Call const& call, std::string_view session, std::string_view revision,
                     std::size_t body_bytes) const;
  // `session` and `revision` are left out while they are unknown.
  std::string legacy(std::string_view session, std::string_view revision, std::size_t body_bytes) const;
  std::string legacy_delete(std::string_view session, std::string_view revision) const;
  // GET, text/event-stream; `after`: the last event that came, or "".
  std::string open_events(std::string_view session, std::string_view revision,
                          std::string_view after = {}) const;
  // A head that was made here, as `other` would have made it.
  std::string as_of(HttpHeads const& other, std::string_view head) const;

 private:
  static void close(std::string& head, std::size_t body_bytes);
  std::string post_;  // request line and fixed fields
  std::string get_;
  std::string delete_;
};

}  // namespace weir::upstream
