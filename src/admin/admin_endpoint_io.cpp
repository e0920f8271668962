#include "admin/admin_endpoint.hpp"

#include "admin/change_body.hpp"

namespace weir::admin {
namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kMetricsText = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kPurgePath = "/api/v1/cache/purge";
constexpr std::string_view kDropPath = "/api/v1/tokens/drop";
constexpr std::string_view kAcceptPath = "/api/v1/tools/accept";
constexpr std::string_view kReloadPath = "/api/v1/reload";
constexpr std::string_view kNoStore = "Cache-Control: no-store\r\n";

void reply(net::HttpExchange& exchange, int status, std::string_view type, std::string const& body) {
  iovec const part{const_cast<char*>(body.data()), body.size()};
  exchange.reply(status, type, kNoStore, {&part, 1});
}

bool is_change(std::string_view path) {
  return path == kPurgePath || path == kDropPath || path == kAcceptPath || path == kReloadPath;
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
  bool const changing = is_change(head.path);
  if (changing && head.method != "POST") {
    exchange.reply_text(405, "Allow: POST\r\n", "A change takes a POST.");
    return false;
  }
  if (!changing && head.method != "GET" && head.method != "HEAD") {
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
  if (path == "/api/v1/tools" && views_.tools_json) return reply(exchange, 200, kJson, views_.tools_json());
  if (path == "/api/v1/secrets" && views_.secrets_json)
    return reply(exchange, 200, kJson, views_.secrets_json());
  exchange.reply_text(404, "",
                      "Here are /livez, /readyz, /startupz, /metrics, /api/v1/status, /api/v1/cache, "
                      "/api/v1/tools and /api/v1/secrets.");
}

bool AdminEndpoint::has(std::string_view change) const noexcept {
  if (change == kAcceptPath) return static_cast<bool>(views_.accept);
  if (change == kReloadPath) return static_cast<bool>(views_.reload);
  return change == kPurgePath ? static_cast<bool>(views_.purge) : static_cast<bool>(views_.drop_tokens);
}

AdminEndpoint::Said AdminEndpoint::said(base::Result<std::string> const& answer) {
  if (answer) return {200, *answer};
  return {answer.error().fault == base::Fault::invalid_input ? 422 : 503, answer.error().detail};
}

base::Task<AdminEndpoint::Said> AdminEndpoint::changed(std::string const& path, std::string_view body) {
  if (path == kDropPath) {
    auto const drop = parse_token_drop(body);
    co_return drop ? said(views_.drop_tokens(*drop)) : Said{400, drop.error().detail};
  }
  if (path == kAcceptPath) {
    auto const request = parse_accept(body);
    co_return request ? said(views_.accept(*request)) : Said{400, request.error().detail};
  }
  if (path == kReloadPath) {
    auto const nothing = body.empty() ? base::Result<void>{} : read_body(body, {});
    if (!nothing) co_return Said{400, nothing.error().detail};
    co_return said(co_await views_.reload());
  }
  auto request = parse_purge(body);
  if (!request) co_return Said{400, request.error().detail};
  co_return said(co_await views_.purge(std::move(*request)));
}

base::Task<void> AdminEndpoint::change(net::HttpExchange& exchange) {
  std::string const path(exchange.head().path);
  if (exchange.head().fields.find("x-weir-csrf") == nullptr) {
    exchange.reply_text(403, "", "The header X-Weir-CSRF is needed, with any value.");
    co_return;
  }
  if (!has(path)) {
    exchange.reply_text(404, "",
                        path == kPurgePath ? "There is no cache here." : "There is nothing to change here.");
    co_return;
  }
  auto const body = co_await exchange.read_body();
  if (!body) {
    auto const status = exchange.refusal_status();
    exchange.reply_text(status != 0 ? status : 400, "", "The body could not be read.");
    co_return;
  }
  auto const answer = co_await changed(path, *body);
  if (answer.status == 200) {
    reply(exchange, 200, kJson, answer.text);
  } else {
    exchange.reply_text(answer.status, "", answer.text);
  }
}

base::Task<void> AdminEndpoint::serve(net::HttpExchange& exchange) {
  if (!admit(exchange)) co_return;
  if (is_change(exchange.head().path)) {
    co_await change(exchange);
  } else {
    answer(exchange);
  }
}

}  // namespace weir::admin
