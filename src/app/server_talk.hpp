// ServerTalk: one client's talk with one server through the gateway, in the era the server speaks.
//
// Blocks; one thread. open() asks the server's endpoint /mcp/{server} which era it speaks (server/discover),
// and shakes hands where that is a legacy one; the destructor ends the session. Answers come as received: a
// result or an error. Errors are about the way there: connect_failed, timed_out, denied (401, 403), not_found
// (no such server), too_large (413), busy (503).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/gateway_client.hpp"
#include "mcp/message.hpp"
#include "mcp/param_headers.hpp"
#include "upstream/http_heads.hpp"

namespace weir::app {

class ServerTalk {
 public:
  // `endpoint`: the URL of /mcp/{server}. `key` "" for none. `no_cache`: no copy of an earlier answer is
  // wanted.
  static base::Result<std::unique_ptr<ServerTalk>> open(net::Url const& endpoint, std::string const& key,
                                                        bool no_cache = false);
  ~ServerTalk();
  ServerTalk(ServerTalk const&) = delete;
  ServerTalk& operator=(ServerTalk const&) = delete;

  // `params`: a JSON object without _meta. `target`: the name or uri in it. `mirrored`: arguments that go
  // into headers.
  base::Result<mcp::Message> request(mcp::Method method, std::string_view params,
                                     std::string_view target = {},
                                     std::vector<mcp::ParamHeader> const* mirrored = nullptr);

 private:
  using Verb = upstream::HttpHeads::Verb;
  ServerTalk(std::unique_ptr<GatewayClient> client, upstream::HttpHeads heads);
  std::string whole(Verb verb, std::string_view own) const;
  base::Result<void> find_era();
  base::Result<void> shake_hands();
  base::Result<mcp::Message> ask(std::string const& head, std::string const& body);
  std::string modern_head(std::string const& body, std::string_view target,
                          std::vector<mcp::ParamHeader> const* mirrored) const;

  std::unique_ptr<GatewayClient> client_;
  upstream::HttpHeads heads_;
  mcp::Revision revision_ = mcp::kNewest;
  std::string session_;
  std::uint64_t last_id_ = 0;
  bool keyed_ = false;  // a key is shown
};

}  // namespace weir::app
