// AdminEndpoint: health, metrics and status over HTTP, on a listener of its own; purging the cache, dropping
// a user's tokens, accepting tools, and reading the configuration again.
//
// One per process, on the first worker. Reads copies through AdminViews. The changes, POST
// /api/v1/cache/purge, tokens/drop, tools/accept and reload, need the header X-Weir-CSRF with any value: a
// page in somebody's browser cannot send it. Loopback callers only need a Host that is loopback; other
// listeners ask for credentials before this is reached.
#pragma once

#include <functional>
#include <string>

#include "admin/accept_request.hpp"
#include "admin/purge_request.hpp"
#include "admin/reload_answer.hpp"
#include "admin/token_drop.hpp"
#include "base/task.hpp"
#include "net/http_server.hpp"

namespace weir::admin {

struct Health {
  bool ready = false;
  bool started = false;
  std::string text;  // ?verbose: one line a check, "ok catalogue" / "FAILED server files: …"
};

struct AdminViews {  // each called on the admin's worker
  std::function<Health()> health;
  std::function<std::string()> metrics;  // Prometheus text
  std::function<std::string()> status_json;
  std::function<std::string()> cache_json;    // null: this process has no cache
  std::function<std::string()> secrets_json;  // ages and sources, never values
  std::function<std::string()> tools_json;    // what is pinned, and what differs
  // The answer to an acceptance, accept_answer()'s text. Errors: invalid_input, with a sentence for the
  // caller.
  std::function<base::Result<std::string>(AcceptRequest const&)> accept;
  // The answer to a purge, purge_answer()'s text. Errors: invalid_input, with a sentence for the caller.
  std::function<base::Task<base::Result<std::string>>(PurgeRequest)> purge;
  // The answer to a drop, token_drop_answer()'s text. Errors: invalid_input, with a sentence for the caller.
  std::function<base::Result<std::string>(TokenDrop const&)> drop_tokens;
  // Reads the configuration again and says what came of it, reload_answer()'s text. Errors: invalid_input,
  // with the reasons why nothing was taken over.
  std::function<base::Task<base::Result<std::string>>()> reload;
  std::function<bool(std::string_view host)> host_allowed;
  std::function<bool(std::string_view origin)> origin_allowed;
  std::function<bool(std::string_view authorization)> authorized;
};

class AdminEndpoint final : public net::HttpHandler {
 public:
  AdminEndpoint(AdminViews views, std::string metrics_path)
      : views_(std::move(views)), metrics_path_(std::move(metrics_path)) {}

  base::Task<void> serve(net::HttpExchange& exchange) override;
  void refused(int, std::string_view) override {}

 private:
  void answer(net::HttpExchange& exchange);
  base::Task<void> change(net::HttpExchange& exchange);
  struct Said {
    int status;
    std::string text;  // JSON with 200, else a sentence
  };
  static Said said(base::Result<std::string> const& answer);
  bool has(std::string_view change) const noexcept;
  base::Task<Said> changed(std::string const& path, std::string_view body);
  bool admit(net::HttpExchange& exchange);
  AdminViews views_;
  std::string metrics_path_;
};

}  // namespace weir::admin
