#include "oauth/redirect_listener_io.hpp"

#include "base/ready_until.hpp"
#include "oauth/error_table.hpp"

namespace weir::oauth {

namespace {

constexpr std::string_view kHost = "127.0.0.1";
constexpr std::string_view kPlain = "text/html; charset=utf-8";
// No script, no picture, no trace of the address in other sites' logs.
constexpr std::string_view kFields =
    "Cache-Control: no-store\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n";

std::string page(std::string_view heading, std::string_view text) {
  std::string html =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Weir</title>"
      "<style>body{font:1.1rem/1.5 system-ui,sans-serif;margin:15vh auto;max-width:32rem;padding:0 1rem}"
      "</style><h1>";
  html.append(heading).append("</h1><p>").append(text).append("</p></html>\n");
  return html;
}

void reply(net::HttpExchange& exchange, int status, std::string_view heading, std::string_view text) {
  auto body = page(heading, text);
  iovec const part{body.data(), body.size()};
  exchange.reply(status, kPlain, kFields, {&part, 1});
  exchange.close_after();
}

}  // namespace

RedirectListener::RedirectListener(net::IoLoop& loop, std::unique_ptr<net::Listener> listener)
    : loop_(loop), listener_(std::move(listener)), over_(loop), tasks_(loop) {
  options_.times.idle_max = std::chrono::seconds{10};
}

base::Result<std::unique_ptr<RedirectListener>> RedirectListener::open(net::IoLoop& loop,
                                                                       std::uint16_t port) {
  auto bound = net::Listener::bind(std::string(kHost), port);
  if (!bound) return bound.error();
  if (!(*bound)->attach(loop)) {
    return base::Error(base::Fault::internal, base::Blame::gateway, "no descriptors");
  }
  return std::unique_ptr<RedirectListener>(new RedirectListener(loop, std::move(*bound)));
}

std::string RedirectListener::redirect_uri() const {
  return "http://" + std::string(kHost) + ":" + std::to_string(listener_->port()) + std::string(kPath);
}

base::Task<OAuthResult<base::Secret>> RedirectListener::wait(SignIn& attempt, base::TimePoint deadline) {
  attempt_ = &attempt;
  tasks_.spawn(accept());
  co_await base::ready_until(loop_, over_, deadline);
  attempt_ = nullptr;
  stopping_ = true;
  if (result_) co_return std::move(*result_);
  auto const why = requests_ >= kRequestsMax ? "too many requests came that were no answer"
                                             : "no answer came back in time";
  co_return misfit(Cause::reauth, 0, why);
}

base::Task<void> RedirectListener::accept() {
  base::TaskGroup connections(loop_);
  for (;;) {
    co_await listener_->ready().wait();
    for (auto& connection : listener_->accept()) {
      auto stream = net::make_fd_stream(loop_, connection.fd, std::move(connection.peer));
      if (!stream || connections.size() >= kConnectionsMax) continue;
      connections.spawn(net::serve_connection(loop_, std::move(stream), *this, options_, stopping_));
    }
    if (listener_->out_of_descriptors()) co_await loop_.sleep_for(std::chrono::milliseconds{100});
  }
}

void RedirectListener::count() {
  if (++requests_ >= kRequestsMax) over_.set();
}

void RedirectListener::answer(net::HttpExchange& exchange) {
  auto const& head = exchange.head();
  bool const ours = head.host == std::string(kHost) + ":" + std::to_string(listener_->port());
  if (!ours || head.method != "GET" || head.path != kPath) {
    return reply(exchange, 404, "Nothing here", "This address only takes the answer of a sign-in.");
  }
  if (attempt_ == nullptr || result_) {
    return reply(exchange, 410, "Over", "This sign-in has ended. Start it again if it did not work.");
  }
  auto code = attempt_->returned(head.query, loop_.now());
  if (!code && code.error().cause == Cause::policy) {
    return reply(exchange, 400, "Not the answer",
                 "This is not the answer to the sign-in that Weir waits for. Nothing was changed.");
  }
  result_ = std::move(code);
  if (*result_) {
    reply(exchange, 200, "Thank you",
          "Weir has the answer. You can close this page; the terminal says how it went.");
  } else {
    reply(exchange, 200, "Not signed in", "The sign-in was refused or is over. The terminal says why.");
  }
  over_.set();
}

base::Task<void> RedirectListener::serve(net::HttpExchange& exchange) {
  count();
  answer(exchange);
  co_return;
}

}  // namespace weir::oauth
