// McpEndpoint: /mcp and /mcp/{server} over HTTP, for clients of both eras.
//
// One per worker; serves any number of connections. Checks stand in this order: repeated fields, Host and
// Origin, path, credential, method, size, media types, JSON, era, ladder; the first that fails answers. A
// modern client that hangs up cancels its call; a legacy one does not (P041, P043). An answer is JSON until
// something comes before it, then SSE. What may change on a reload is in EndpointRules, held by each request
// as it was when it began; streams opened by GET go by the latest.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "auth/authenticator.hpp"
#include "auth/protected_resource.hpp"
#include "base/gate.hpp"
#include "base/random.hpp"
#include "core/access_rules.hpp"
#include "edge/call_meter.hpp"
#include "edge/error_map.hpp"
#include "edge/host_policy.hpp"
#include "edge/stream_rules.hpp"
#include "era/request_rules.hpp"
#include "net/http_server.hpp"
#include "router/catalog_set.hpp"
#include "session/session_layer.hpp"

namespace weir::edge {

struct EndpointRules {
  HostPolicy hosts;
  auth::Authenticator authenticator;
  bool certificates = false;  // a caller without a token may be known by its certificate
  bool modern = true;
  bool legacy = true;
  bool legacy_sse = false;   // HTTP+SSE too (2024-11-05): GET without a session opens one
  bool tool_results = true;  // upstream failures of tools/call as results (errors.style)
  std::size_t body_bytes_max = 4 * 1024 * 1024;
  base::Duration call_max = std::chrono::minutes{10};  // hard end of any call
  base::Duration ask_max = std::chrono::minutes{10};   // for a client's answer to a server's question
  StreamRules streams{};
  auth::ProtectedResource resource{};                 // what is said about getting a token
  std::shared_ptr<core::AccessRules const> access{};  // null: everybody may use everything

  era::Eras eras() const noexcept { return {modern, legacy}; }
};

struct EndpointParts {  // borrowed; all outlive the endpoint
  base::Scheduler& scheduler;
  session::SessionLayer& entry;
  session::SessionTable& sessions;
  router::CatalogFeed& catalog;
  base::Gate& gate;
  CallMeter& meter;
  base::Random& random;
};

class HttpSink;

class McpEndpoint final : public net::HttpHandler {
 public:
  McpEndpoint(EndpointParts parts, std::shared_ptr<EndpointRules const> rules);

  base::Task<void> serve(net::HttpExchange& exchange) override;
  void refused(int status, std::string_view reason) override;
  bool judges_length() const noexcept override { return true; }  // pages and MCP clients read JSON

  void set_rules(std::shared_ptr<EndpointRules const> rules) {
    rules_ = std::move(rules);
    stream_rules_ = rules_->streams;
    rules_changed_.set();
    rules_changed_.reset();
  }
  std::shared_ptr<EndpointRules const> const& rules() const noexcept { return rules_; }
  unsigned long in_progress() const noexcept { return in_progress_; }

 private:
  struct InProgress {
    unsigned long& count;
    explicit InProgress(unsigned long& c) : count(c) { ++count; }
    InProgress(InProgress const&) = delete;
    InProgress& operator=(InProgress const&) = delete;
    ~InProgress() { --count; }
  };
  struct Admitted {  // what is known of a request before its body is read
    std::shared_ptr<EndpointRules const> rules;
    std::shared_ptr<core::Principal const> principal;
    std::string_view endpoint;  // "" = all servers; lives as long as the catalogue's names
    bool stream = false;        // GET: no body, an event stream is the answer
    bool pair = false;          // of HTTP+SSE: a GET, or a POST whose answer comes on the stream
    bool old_path = false;      // /sse, where clients of HTTP+SSE look: to GET only
  };
  enum class Admission { answered, go_on, unknown_caller };  // the last: the issuer has to be asked
  Admission admit(net::HttpExchange& exchange, Admitted& admitted);
  bool answer_metadata(net::HttpExchange& exchange);
  bool take_caller(net::HttpExchange& exchange, Admitted& admitted, auth::Authenticator::Who who);
  bool check_head(net::HttpExchange& exchange, Admitted& admitted);
  base::Task<void> serve_unknown(net::HttpExchange& exchange, Admitted admitted);
  base::Task<void> serve_admitted(net::HttpExchange& exchange, Admitted admitted);
  bool find_endpoint(net::HttpExchange& exchange, Admitted& admitted);
  bool check_method(net::HttpExchange& exchange, Admitted& admitted);
  bool check_media(net::HttpExchange& exchange, Admitted const& admitted);
  struct Stream {
    std::shared_ptr<session::Outbox> outbox;  // null: refused
    session::Outbox::Reading reader;
    std::string first;
  };
  Stream open_stream(net::HttpExchange& exchange, Admitted const& admitted);
  base::Task<void> serve_stream(net::HttpExchange& exchange, Admitted admitted);
  void end_session(net::HttpExchange& exchange, Admitted const& admitted);
  void reject(net::HttpExchange& exchange, std::string_view reason, era::Refusal const& refusal,
              std::string_view id, std::string_view fields = {});
  void body_failed(net::HttpExchange& exchange, base::Error const& error);

  base::Task<void> serve_late(net::HttpExchange& exchange, Admitted admitted);
  bool is_letter(net::HttpExchange& exchange) const;
  base::Task<void> serve_pair(net::HttpExchange& exchange, Admitted admitted);
  void take_letter(net::HttpExchange& exchange, Admitted const& admitted, std::string body);
  std::shared_ptr<core::ClientSession const> session_of_batch(net::HttpExchange& exchange,
                                                              Admitted const& admitted);
  base::Task<void> serve_batch(net::HttpExchange& exchange, Admitted admitted, std::string body);
  base::Task<void> serve_message(net::HttpExchange& exchange, Admitted admitted, std::string body);
  bool prepare(net::HttpExchange& exchange, Admitted const& admitted, core::Call& call);
  bool take_legacy_fields(net::HttpExchange& exchange, core::Call& call, bool initialize,
                          std::string_view id);
  void take_note(net::HttpExchange& exchange, core::Call& call);
  using Work = base::Task<base::Result<core::Outcome>>;
  enum class Waited { done, client_gone, too_long, refused };
  base::Task<void> serve_call(net::HttpExchange& exchange, Admitted admitted,
                              std::unique_ptr<core::Call> call, std::size_t bytes_in);
  base::Task<Waited> wait_for(net::HttpExchange& exchange, EndpointRules const& rules, core::Call& call,
                              Work& work);
  static base::Result<core::Outcome> outcome_of(Waited waited, Work& work);
  std::string answer(net::HttpExchange& exchange, EndpointRules const& rules, core::Call& call,
                     base::Result<core::Outcome> outcome, CallRecord& record);
  // The client's own, or else a fresh one; good until the next.
  std::string_view request_id_for(net::Fields const& fields);
  // For answers to what is no call, refusals among them: the id that the client chose, if it did. Once each.
  static void echo_request_id(net::HttpExchange& exchange);

  EndpointParts parts_;
  std::shared_ptr<EndpointRules const> rules_;
  StreamRules stream_rules_;  // those of rules_, for streams that outlive a reload
  base::Event rules_changed_;
  unsigned long in_progress_ = 0;
  std::uint64_t request_count_ = 0;
  std::string request_stem_;  // random, per endpoint: request ids are stem + count
  std::string request_id_;
};

}  // namespace weir::edge
