// GatewayClient: requests to a running gateway, each waited for: for commands that ask and end.
//
// Owns a loop of its own and one connection pool to one origin; one thread, which blocks. An answer that is
// an event stream is read to the message that is no notification. Errors: those of net::HttpClient, and
// timed_out.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "net/http_client.hpp"
#include "net/url.hpp"

namespace weir::app {

struct GatewayAnswer {
  int status = 0;
  std::string body;
  std::string session;  // Mcp-Session-Id
  bool keyed = false;   // get_from() and post_to() have shown a key
};

class GatewayClient {
 public:
  static base::Result<std::unique_ptr<GatewayClient>> to(net::Url const& origin);
  ~GatewayClient();

  // `head` is a complete request head, `body` what follows it.
  base::Result<GatewayAnswer> ask(std::string const& head, std::string const& body, base::Duration within);

 private:
  GatewayClient(net::Url const& origin, std::shared_ptr<net::TlsContext const> tls);
  base::Task<base::Result<GatewayAnswer>> exchange(std::string const& head, std::string const& body);
  base::Task<void> wait_for(base::Task<base::Result<GatewayAnswer>> work, base::Duration within,
                            base::Result<GatewayAnswer>& answer);

  base::SystemClock clock_;
  std::shared_ptr<net::TlsContext const> tls_;
  net::IoLoop loop_;
  net::NetDialer dialer_;
  net::HttpClient client_;
};

// GET `path` of the admin address; `key` "" for none.
base::Result<GatewayAnswer> get_from(net::Url const& admin, std::string const& path, std::string const& key,
                                     base::Duration within);

// POST of a JSON body that changes something there.
base::Result<GatewayAnswer> post_to(net::Url const& admin, std::string const& path, std::string const& body,
                                    std::string const& key, base::Duration within);

}  // namespace weir::app
