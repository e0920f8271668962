#include "app/gateway_client.hpp"
#include "base/run_until.hpp"
#include "mcp/message.hpp"
#include "net/http_text.hpp"

namespace weir::app {

using base::Result;
using base::Task;

namespace {

constexpr std::string_view kSession = "mcp-session-id";
constexpr std::size_t kAnswerBytesMax = 64 * 1024 * 1024;

net::ClientOptions client_options() {
  net::ClientOptions options;
  options.limits.body_bytes_max = kAnswerBytesMax;
  options.event_bytes_max = kAnswerBytesMax;
  options.fields_kept = {kSession};
  return options;
}

bool is_final(std::string const& message) {
  auto const decoded = mcp::decode(message, {.json = {}, .bytes_max = kAnswerBytesMax});
  if (!decoded) return true;  // whoever reads it says what is wrong
  return decoded->kind() == mcp::MessageKind::result || decoded->kind() == mcp::MessageKind::error;
}

}  // namespace

Result<std::unique_ptr<GatewayClient>> GatewayClient::to(net::Url const& origin) {
  std::shared_ptr<net::TlsContext const> tls;
  if (origin.https) {
    auto made = net::TlsContext::system();
    if (!made) return made.error();
    tls = std::move(*made);
  }
  return std::unique_ptr<GatewayClient>(new GatewayClient(origin, std::move(tls)));
}

GatewayClient::GatewayClient(net::Url const& origin, std::shared_ptr<net::TlsContext const> tls)
    : tls_(std::move(tls)),
      loop_(clock_),
      dialer_(loop_, tls_.get()),
      client_(loop_, dialer_, net::Endpoint{origin.https, origin.host, origin.port}, client_options()) {}

GatewayClient::~GatewayClient() = default;

Task<Result<GatewayAnswer>> GatewayClient::exchange(std::string const& head, std::string const& body) {
  iovec const part{const_cast<char*>(body.data()), body.size()};
  auto reply = co_await client_.exchange(head, {&part, body.empty() ? 0u : 1u});
  if (!reply) co_return reply.error();
  GatewayAnswer answer{reply->head.status, {}, std::string(reply->head.field(kSession))};
  if (!reply->event_stream()) {
    auto text = co_await reply->body();
    if (!text) co_return text.error();
    answer.body = std::move(*text);
    co_return answer;
  }
  for (;;) {
    auto event = co_await reply->next_event();
    if (!event) co_return event.error();
    if (!*event)
      co_return base::Error(base::Fault::protocol, base::Blame::upstream,
                            "the stream ended without an answer");
    answer.body = std::move((*event)->data);
    if (is_final(answer.body)) co_return answer;
  }
}

Task<void> GatewayClient::wait_for(Task<Result<GatewayAnswer>> work, base::Duration within,
                                   Result<GatewayAnswer>& answer) {
  auto const ended = co_await base::run_until(loop_, work, loop_.now() + within);
  if (ended == base::Ended::done) answer = work.take();
  loop_.stop();
}

Result<GatewayAnswer> GatewayClient::ask(std::string const& head, std::string const& body,
                                         base::Duration within) {
  Result<GatewayAnswer> answer =
      base::Error(base::Fault::timed_out, base::Blame::upstream, "the gateway did not answer in time");
  base::TaskGroup asking(loop_);
  loop_.post([&] { asking.spawn(wait_for(exchange(head, body), within, answer)); });
  loop_.run();
  return answer;
}

namespace {

std::string head_of(std::string_view method, net::Url const& admin, std::string const& path,
                    std::string const& key) {
  std::string head;
  static_cast<void>(net::append_request_line(head, method, path));
  static_cast<void>(net::append_field(head, "Host", admin.authority));
  if (!key.empty()) static_cast<void>(net::append_field(head, "Authorization", "Bearer " + key));
  return head;
}

Result<GatewayAnswer> keyed(Result<GatewayAnswer> answer, std::string const& key) {
  if (answer) answer->keyed = !key.empty();
  return answer;
}

}  // namespace

Result<GatewayAnswer> get_from(net::Url const& admin, std::string const& path, std::string const& key,
                               base::Duration within) {
  auto client = GatewayClient::to(admin);
  if (!client) return client.error();
  auto head = head_of("GET", admin, path, key);
  net::append_head_end(head);
  return keyed((*client)->ask(head, {}, within), key);
}

Result<GatewayAnswer> post_to(net::Url const& admin, std::string const& path, std::string const& body,
                              std::string const& key, base::Duration within) {
  auto client = GatewayClient::to(admin);
  if (!client) return client.error();
  auto head = head_of("POST", admin, path, key);
  static_cast<void>(net::append_field(head, "Content-Type", "application/json"));
  static_cast<void>(net::append_field(head, "Content-Length", std::to_string(body.size())));
  static_cast<void>(net::append_field(head, "X-Weir-CSRF", "weir"));  // says that no browser page sent it
  net::append_head_end(head);
  return keyed((*client)->ask(head, body, within), key);
}

}  // namespace weir::app
