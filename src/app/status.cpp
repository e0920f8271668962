#include <fmt/core.h>

#include "app/gateway.hpp"
#include "app/log_options.hpp"
#include "app/server_options.hpp"
#include "app/status_words.hpp"
#include "app/version.hpp"
#include "mcp/json_text.hpp"
#include "observe/process_stats.hpp"

// What a running gateway says of itself: status, health, gauges. Copies only.
namespace weir::app {
namespace {

// A server that failed once and is tried again is down until it answers.
char const* name_of(core::ServerStatus const& status) {
  switch (status.state) {
    case core::ServerState::starting: return status.cause.empty() ? "starting" : "failed";
    case core::ServerState::ready: return "ok";
    case core::ServerState::failed: return "failed";
    case core::ServerState::stopped: return "stopped";
  }
  return "stopped";
}

void member(std::string& json, std::string_view key, std::string_view text) {
  json += ',';
  mcp::append_json_string(json, key);
  json += ':';
  mcp::append_json_string(json, text);
}

std::size_t tools_of(router::CatalogSet const& set, std::string_view server) {
  auto const* const found = set.server(server);
  if (found == nullptr || !found->contents) return 0;
  auto const* const tools = found->contents->list(router::ListKind::tools);
  return tools == nullptr ? 0 : tools->items().size();
}

std::string url_of(net::Listener const& listener) {
  bool const six = listener.host().find(':') != std::string::npos;
  return fmt::format("http://{}{}{}:{}", six ? "[" : "", listener.host(), six ? "]" : "", listener.port());
}

double milliseconds(base::Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

base::Duration Gateway::uptime() const { return clock_.now() - started_; }

std::vector<std::string> Gateway::mcp_urls() const {
  std::vector<std::string> urls;
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    auto url = url_of(*listeners_[i].front()) + "/mcp";
    if (trusts_->of_listener(bound_[i]).wanted) url.insert(4, "s");  // https
    urls.push_back(std::move(url));
  }
  return urls;
}

std::string Gateway::admin_url() const {
  return admin_listener_.empty() ? "" : url_of(*admin_listener_.front());
}

std::vector<std::pair<std::string, core::ServerStatus>> Gateway::server_statuses() {
  std::vector<std::pair<std::string, core::ServerStatus>> all;
  auto const& set = first_worker().catalog().current();
  for (auto const& server : settings_->servers) {
    if (server.disabled) continue;
    core::ServerStatus status;
    if (auto const* const backend = first_worker().backend(server.name)) {
      status = backend->status();
      auto const* const listed = set.server(server.name);
      if (status.cause.empty() && listed != nullptr && listed->contents)
        status.cause = listed->contents->problem();
      if (status.cause.empty() && status.state == core::ServerState::ready)
        status.cause = sign_ins_->of_server(server.name).problem;
    } else {
      status.state = core::ServerState::failed;
      status.transport = transport_of(server);
      status.cause = planner_->problem_of(server.name);
    }
    mask_status(status, *log_);
    shorten(status);
    all.emplace_back(server.name, std::move(status));
  }
  return all;
}

std::string Gateway::status_json() {
  auto const& set = first_worker().catalog().current();
  std::string json = fmt::format(R"({{"version":1,"weir":"{}","ready":{},"uptime_s":{:.0f})", kVersion,
                                 health().ready, std::chrono::duration<double>(uptime()).count());
  json += fmt::format(R"(,"sessions":{},"in_flight":{},"connections":{},"mcp":[)", sessions_->size(),
                      calls_->inside(), connections_.inside());
  bool first = true;
  for (auto const& url : mcp_urls()) {
    if (!std::exchange(first, false)) json += ',';
    mcp::append_json_string(json, url);
  }
  json += ']';
  if (auto const keys = callers_->keys()) {
    auto trouble = keys->trouble;
    log_->mask(trouble);
    json += keys_member(settings_->jwt->issuer, *keys, trouble, clock_.now());
  }
  json += R"(,"servers":[)";
  first = true;
  for (auto const& [name, status] : server_statuses()) {
    if (!std::exchange(first, false)) json += ',';
    json += R"({"name":)";
    mcp::append_json_string(json, name);
    member(json, "state", name_of(status));
    member(json, "transport", status.transport);
    member(json, "era", status.era);
    json += fmt::format(R"(,"tools":{},"start_ms":{:.0f},"restarts":{})", tools_of(set, name),
                        milliseconds(status.start_took), status.restarts);
    json += breaker_members(breakers_.standing(name, clock_.now()));
    if (auto const count = tools_->suspects(name)) json += fmt::format(R"(,"suspect_tools":{})", count);
    auto const* const server = settings_->server(name);
    if (server != nullptr && server->oauth && server->oauth->per_principal)
      json += fmt::format(R"(,"people_signed_in":{})", tokens_->sign_ins.count_people(name));
    if (!status.cause.empty()) member(json, "cause", status.cause);
    if (status.state != core::ServerState::ready && !status.last_stderr.empty()) {
      member(json, "stderr", status.last_stderr);
    }
    json += '}';
  }
  return json + "]}\n";
}

admin::Health Gateway::health() {
  admin::Health health;
  health.started = settled_ || uptime() >= kReadyMax;
  health.ready = health.started && !stopping_;
  health.text = fmt::format("{} servers asked\n{} accepting\n", health.started ? "ok" : "FAILED",
                            stopping_ ? "FAILED" : "ok");
  for (auto const& server : settings_->servers) {
    if (!server.required) continue;
    auto const* const backend = first_worker().backend(server.name);
    auto const state = backend != nullptr ? backend->status().state : core::ServerState::failed;
    auto const check = required_check(server.name, state, breakers_.standing(server.name, clock_.now()));
    health.ready = health.ready && check.good;
    health.text += check.line;
  }
  if (auto const keys = callers_->keys()) health.text += keys_line(*keys);
  return health;
}

void Gateway::refresh_gauges() {
  if (options_.secrets != nullptr) options_.secrets->refresh_gauges();
  auto const& gateway = metrics_->gateway();
  gateway.log_dropped.add(std::max(0.0, static_cast<double>(log_->dropped()) - gateway.log_dropped.value()));
  cache_->refresh_gauges();
  count_contexts();
  count_tokens(tokens_->cache, tokens_counted_, gateway.tokens);
  gateway.parked_calls.set(static_cast<double>(parked_->size()));
  tools_->refresh_gauges();
  auto const& set = first_worker().catalog().current();
  for (auto const& [name, status] : server_statuses()) {
    auto const& server = metrics_->server(name);
    server.upstream_up.set(status.state == core::ServerState::ready ? 1 : 0);
    server.upstream_rss.set(observe::resident_bytes_of(status.pid));
    server.catalog_tools.set(static_cast<double>(tools_of(set, name)));
  }
}

base::Result<std::string> Gateway::accept_tools(admin::AcceptRequest const& request) {
  auto const accepted = tools_->accept(request.server, request.tool, request.tenant);
  if (!accepted) return accepted.error();
  first_worker().publish_again();
  return admin::accept_answer(*accepted);
}

// A sign-in brings tokens for as long as it is kept: what came of it until it is gone is dropped once more.
base::Result<std::size_t> Gateway::drop_all_of(admin::TokenDrop const& drop) {
  auto const issuers = issuers_of(*settings_, drop);
  if (!issuers) return issuers.error();
  auto const forget = [this, issuers = *issuers, subject = drop.subject] {
    return drop_tokens(*tokens_, issuers, subject);
  };
  auto const tokens = forget();
  auto const sign_ins = sign_outs_->end(*settings_, *issuers, drop.subject, [forget] { forget(); });
  log_->event(observe::Level::info, "token.drop",
              fmt::format("{} tokens and {} sign-ins dropped on request: {}", tokens, sign_ins,
                          admin::token_drop_body(drop)));
  return tokens + sign_ins;
}

admin::AdminViews Gateway::views() {
  auto const& bind = settings_->admin.bind;
  auto const policy = std::make_shared<edge::HostPolicy const>(bind.local_only(), std::vector<std::string>{},
                                                               std::vector<std::string>{});
  admin::AdminViews views;
  views.health = [this] { return health(); };
  views.metrics = [this] { return metrics_->render(); };
  views.status_json = [this] { return status_json(); };
  views.tools_json = [this] { return pinned_json(tools_->report()); };
  views.accept = [this](admin::AcceptRequest const& request) { return accept_tools(request); };
  views.cache_json = [this] { return cache_->status_json(); };
  views.purge = [this](admin::PurgeRequest request) { return cache_->purge(std::move(request)); };
  views.drop_tokens = [this](admin::TokenDrop const& drop) -> base::Result<std::string> {
    auto const dropped = drop_all_of(drop);
    if (!dropped) return dropped.error();
    return admin::token_drop_answer(*dropped);
  };
  views.reload = [this] { return reload_now(); };
  if (options_.secrets != nullptr) {
    views.secrets_json = [secrets = options_.secrets] { return secrets->status_json(); };
  }
  views.host_allowed = [policy](std::string_view host) { return policy->host_allowed(host); };
  views.origin_allowed = [policy](std::string_view origin) { return policy->origin_allowed(origin); };
  // The methods belong to the address, which a reload does not move. The keys are those of now: one that a
  // reload took away opens nothing any more.
  views.authorized = [this, methods = settings_->admin.auth](std::string_view authorization) {
    return auth::Authenticator(methods, settings_->keys).identify(authorization, clock_.wall()).has_value();
  };
  return views;
}

}  // namespace weir::app
