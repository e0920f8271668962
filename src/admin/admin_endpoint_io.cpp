#include "admin/admin_endpoint.hpp"

namespace weir::admin {
namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kMetricsText = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kNoStore = "Cache-Control: no-store\r\n";

void reply(net::HttpExchange& exchange, int status, std::string_view type, std::string const& body) {
  iovec const part{const_cast<char*>(body.data()), body.size()};
  exchange.reply(status, type, kNoStore, {&part, 1});
}

}  // namespace

bool AdminEndpoint::admit(net::HttpExchange& exchange) {
  auto const& head = exchange.head();
  auto const* const origin = head.fields.find("origin");
  bool const known =
      views_.host_allowed(head.host) && (origin == nullptr || views_.origin_allowed(origin->value));
  if (!known) {
    exchange.reply_text(403, "", "This Host or Origin is not allowed.");
    return false;
  }
  if (head.method != "GET" && head.method != "HEAD") {
    exchange.reply_text(405, "Allow: GET, HEAD\r\n", "Only reading is possible here.");
    return false;
  }
  bool const health =
      head.path == "/livez" || head.path == "/readyz" || head.path == "/startupz" || head.path == "/healthz";
  if (health || views_.authorized(head.fields.value("authorization"))) return true;
  exchange.reply_text(401, "WWW-Authenticate: Bearer\r\n", "Authentication is required.");
  return false;
}

void AdminEndpoint::answer(net::HttpExchange& exchange) {
  std::string const path(exchange.head().path);
  bool const verbose = exchange.head().query.find("verbose") != std::string_view::npos;
  if (path == "/livez") return reply(exchange, 200, kText, "ok\n");
  if (path == "/readyz" || path == "/healthz" || path == "/startupz") {
    Health const health = views_.health();
    bool const good = path == "/startupz" ? health.started : health.ready;
    return reply(exchange, good ? 200 : 503, kText, verbose || !good ? health.text : std::string("ok\n"));
  }
  if (path == metrics_path_) return reply(exchange, 200, kMetricsText, views_.metrics());
  if (path == "/api/v1/status") return reply(exchange, 200, "application/json", views_.status_json());
  exchange.reply_text(404, "", "Here are /livez, /readyz, /startupz, /metrics and /api/v1/status.");
}

base::Task<void> AdminEndpoint::serve(net::HttpExchange& exchange) {
  if (admit(exchange)) answer(exchange);
  co_return;
}

}  // namespace weir::admin
