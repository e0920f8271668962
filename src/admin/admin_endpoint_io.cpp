#include "admin/admin_endpoint.hpp"

namespace weir::admin {
namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kMetricsText = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kPurgePath = "/api/v1/cache/purge";
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
  bool const purging = head.path == kPurgePath;
  if (purging && head.method != "POST") {
    exchange.reply_text(405, "Allow: POST\r\n", "Purging takes a POST.");
    return false;
  }
  if (!purging && head.method != "GET" && head.method != "HEAD") {
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
  if (path == "/api/v1/status") return reply(exchange, 200, kJson, views_.status_json());
  if (path == "/api/v1/cache" && views_.cache_json) return reply(exchange, 200, kJson, views_.cache_json());
  if (path == "/api/v1/secrets" && views_.secrets_json)
    return reply(exchange, 200, kJson, views_.secrets_json());
  exchange.reply_text(404, "",
                      "Here are /livez, /readyz, /startupz, /metrics, /api/v1/status, /api/v1/cache and "
                      "/api/v1/secrets.");
}

base::Task<void> AdminEndpoint::purge(net::HttpExchange& exchange) {
  if (exchange.head().fields.find("x-weir-csrf") == nullptr) {
    exchange.reply_text(403, "", "The header X-Weir-CSRF is needed, with any value.");
    co_return;
  }
  if (!views_.purge) {
    exchange.reply_text(404, "", "There is no cache here.");
    co_return;
  }
  auto const body = co_await exchange.read_body();
  if (!body) {
    auto const status = exchange.refusal_status();
    exchange.reply_text(status != 0 ? status : 400, "", "The body could not be read.");
    co_return;
  }
  auto request = parse_purge(*body);
  if (!request) {
    exchange.reply_text(400, "", request.error().detail);
    co_return;
  }
  auto const answer = co_await views_.purge(std::move(*request));
  if (answer) {
    reply(exchange, 200, kJson, *answer);
  } else {
    exchange.reply_text(answer.error().fault == base::Fault::invalid_input ? 422 : 503, "",
                        answer.error().detail);
  }
}

base::Task<void> AdminEndpoint::serve(net::HttpExchange& exchange) {
  if (!admit(exchange)) co_return;
  if (exchange.head().path == kPurgePath) {
    co_await purge(exchange);
  } else {
    answer(exchange);
  }
}

}  // namespace weir::admin
