#include "upstream/sse_process_io.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/run_until.hpp"
#include "mcp/json_text.hpp"
#include "net/pipe.hpp"
#include "upstream/credential_exchange_io.hpp"
#include "upstream/http_heads.hpp"
#include "upstream/line_framer.hpp"
#include "upstream/sse_posts_io.hpp"

namespace weir::upstream {
namespace {

constexpr std::size_t kPipeBytes = 256 * 1024;
constexpr std::uint32_t kNodesMax = 1'000'000;  // of one message, as StdioChild has it

net::ClientOptions client_of(SseOptions const& sse) {
  net::ClientOptions options;
  options.fields_kept = {"www-authenticate", "dpop-nonce"};
  options.event_bytes_max = sse.event_bytes_max;
  options.passes_over_long_events = true;  // the stream is that of all calls
  return options;
}

mcp::Limits limits_of(SseOptions const& options) {
  mcp::Limits limits;
  limits.bytes_max = options.line_bytes_max;
  limits.json.nodes_max = kNodesMax;
  return limits;
}

class SseProcess final : public ChildProcess {
 public:
  SseProcess(base::Scheduler& scheduler, net::Dialer& dialer, SseOptions const& options)
      : scheduler_(scheduler),
        options_(options),
        client_(scheduler, dialer, net::Endpoint{options.url.https, options.url.host, options.url.port},
                client_of(options)),
        in_(net::make_pipe(scheduler, kPipeBytes)),
        out_(net::make_pipe(scheduler, kPipeBytes)),
        err_(net::make_pipe(scheduler, kPipeBytes)),
        exited_(scheduler),
        speaking_(scheduler, 1),
        posts_(scheduler, limits_of(options), ways()),
        tasks_(scheduler) {
    tasks_.spawn(run());
  }

  net::Stream& input() noexcept override { return *in_.first; }
  net::Stream& output() noexcept override { return *out_.first; }
  net::Stream& errors() noexcept override { return *err_.first; }
  int pid() const noexcept override { return 0; }
  base::Event& exited() noexcept override { return exited_; }
  ExitStatus const& exit_status() const noexcept override { return status_; }
  std::optional<base::Error> failure() const override { return failure_; }
  std::optional<base::Error> take_failure(std::uint64_t id) override;
  void terminate() noexcept override { end(0); }
  void kill() noexcept override { end(0); }

 private:
  base::Task<void> run();
  base::Task<void> post_lines();
  SsePosts::Ways ways();
  bool shown() const;  // a credential, with each request
  base::Task<base::Result<net::HttpReply>> exchange(std::string_view method, std::string target,
                                                    std::string own, std::string_view body);
  base::Task<void> refuse(std::uint64_t id, std::string said, base::Error error);
  base::Task<void> passed_over(net::SseParser::Ends event);
  base::Task<void> say(net::Stream& to, std::string text);
  base::Task<void> die(std::string cause);
  base::Task<void> die(base::Error error);
  base::Result<base::Secret> head(std::string_view method, std::string const& target,
                                  std::string_view more) const;
  void end(int code) noexcept;

  base::Scheduler& scheduler_;
  SseOptions const& options_;
  net::HttpClient client_;
  net::StreamPair in_;   // second: where we read what is to be sent
  net::StreamPair out_;  // second: where we write what came
  net::StreamPair err_;
  base::Event exited_;
  ExitStatus status_;
  std::optional<base::Error> failure_;
  std::unordered_map<std::uint64_t, base::Error> failures_;  // of requests, until their answers are read
  std::string endpoint_;                                     // where messages go, once the server has said so
  base::Semaphore speaking_;                                 // to us: whole lines
  SsePosts posts_;
  base::TaskGroup tasks_;
};

// Seen from outside this is an exit: streams end, then the event is set.
void SseProcess::end(int code) noexcept {
  if (exited_.is_set()) return;
  posts_.close();
  status_.code = code;
  out_.second->shutdown_write();
  err_.second->shutdown_write();
  exited_.set();
}

base::Task<void> SseProcess::say(net::Stream& to, std::string text) {
  auto const turn = co_await speaking_.acquire();
  std::size_t sent = 0;
  while (sent < text.size()) {
    iovec const part{text.data() + sent, text.size() - sent};
    auto const put = to.write({&part, 1});
    if (put.state == net::IoState::moved) sent += put.bytes;
    if (put.state == net::IoState::blocked) co_await to.writable();
    if (put.state == net::IoState::ended || put.state == net::IoState::failed) co_return;
  }
}

base::Task<void> SseProcess::die(std::string cause) {
  co_await say(*err_.second, std::move(cause) + "\n");
  end(1);
}

// What the gateway lacks is not held against the server, and is told as it is.
base::Task<void> SseProcess::die(base::Error error) {
  auto cause = error.detail;
  if (error.blame != base::Blame::upstream) failure_ = std::move(error);
  co_await die(std::move(cause));
}

// A whole head; `more`: what follows the operator's fields. Made in one piece and wiped: it has the
// credential.
base::Result<base::Secret> SseProcess::head(std::string_view method, std::string const& target,
                                            std::string_view more) const {
  net::Url to = options_.url;
  to.target = target;
  auto const use = options_.credential ? options_.credential->use() : core::CredentialSlot::Use();
  auto text = fixed_part(method, to, use.fields ? *use.fields : options_.fields, more);
  if (!text) return std::move(text).error();
  base::Secret made(*text);
  explicit_bzero(text->data(), text->size());
  return made;
}

// `own`: the rest of the head. `body` outlives it.
base::Task<base::Result<net::HttpReply>> SseProcess::exchange(std::string_view method, std::string target,
                                                              std::string own, std::string_view body) {
  std::array<iovec, 2> const parts{iovec{own.data(), own.size()},
                                   iovec{const_cast<char*>(body.data()), body.size()}};
  std::span<iovec const> const all(parts.data(), body.empty() ? 1U : 2U);
  if (!options_.tokens) {
    auto const whole = head(method, target, own);
    if (!whole) co_return whole.error();
    co_return co_await client_.exchange(whole->reveal(), all.subspan(1));
  }
  auto const fixed = head(method, target, {});
  if (!fixed) co_return fixed.error();
  net::Url to = options_.url;
  to.target = std::move(target);
  auto const* const owner = options_.owner ? &options_.owner->principal : nullptr;
  auto const whom = shown_for(owner, scheduler_.now(), kTokenMax);
  co_return co_await exchange_with_token(scheduler_, client_, options_.tokens, whom, to.text(),
                                         fixed->reveal(), all);
}

base::Task<void> SseProcess::run() {
  auto reply = co_await exchange("GET", options_.url.target, "Accept: text/event-stream\r\n\r\n", {});
  if (!reply) co_return co_await die(std::move(reply).error());
  auto const status = reply->head.status;
  if (status == 401 || status == 403) co_return co_await die(credential_wanted(status, shown()));
  if (status != 200 || !reply->event_stream()) {
    co_return co_await die("no event stream: HTTP " + std::to_string(status));
  }
  auto first = reply->next_event();
  auto const waited =
      co_await base::run_until(scheduler_, first, scheduler_.now() + SseSpawner::kEndpointMax);
  if (waited != base::Ended::done) co_return co_await die("the event stream names no endpoint");
  auto event = first.take();
  if (!event || !*event || (*event)->type != "endpoint" || (*event)->over_long)
    co_return co_await die("the event stream names no endpoint");
  auto const endpoint = net::resolve_url(options_.url, (*event)->data);
  if (!endpoint || !net::same_origin(*endpoint, options_.url)) {
    co_return co_await die("the endpoint is of another origin");
  }
  endpoint_ = endpoint->target;
  tasks_.spawn(post_lines());
  for (;;) {
    auto message = co_await reply->next_event();
    if (!message || !*message) co_return co_await die("the event stream ended");
    if ((*message)->type != "message") continue;
    if ((*message)->over_long) {
      co_await passed_over(reply->ends_of_event());
      continue;
    }
    std::string& line = (*message)->data;
    posts_.heard(line);
    std::replace(line.begin(), line.end(), '\n', ' ');
    line += '\n';
    co_await say(*out_.second, std::move(line));
  }
}

SsePosts::Ways SseProcess::ways() {
  return {
      [this](std::string fields, std::string_view body) {
        return exchange("POST", endpoint_, std::move(fields), body);
      },
      [this](std::uint64_t id, base::Error error) {
        auto said = "The server did not take the message: " + error.detail;
        tasks_.spawn(refuse(id, std::move(said), std::move(error)));
      },
      [this] { tasks_.spawn(die(std::string("the server does not know the session any more"))); },
      [this] { return shown(); },
  };
}

bool SseProcess::shown() const {
  auto const use = options_.credential ? options_.credential->use() : core::CredentialSlot::Use();
  return options_.tokens || !(use.fields ? *use.fields : options_.fields).empty();
}

std::optional<base::Error> SseProcess::take_failure(std::uint64_t id) {
  auto const found = failures_.find(id);
  if (found == failures_.end()) return std::nullopt;
  auto error = std::move(found->second);
  failures_.erase(found);
  return error;
}

// Answers a request in the server's place; what it cannot say is asked for when it is read.
base::Task<void> SseProcess::refuse(std::uint64_t id, std::string said, base::Error error) {
  std::string text = R"({"jsonrpc":"2.0","id":)" + std::to_string(id);
  text += R"(,"error":{"code":-32603,"message":)";
  mcp::append_json_string(text, said);
  failures_.insert_or_assign(id, std::move(error));
  co_await say(*out_.second, text + "}}\n");
}

base::Task<void> SseProcess::passed_over(net::SseParser::Ends event) {
  auto what = "an event of more than " + std::to_string(options_.event_bytes_max) + " bytes from the server";
  auto const id = reply_id_at_ends(event.head, event.tail);
  if (!id)
    co_return co_await say(*err_.second, what + " was passed over; it does not show what it answers\n");
  posts_.answered(*id);
  auto error = base::Error(base::Fault::too_large, base::Blame::upstream, std::move(what))
                   .advise("Ask for less in one call.");
  co_await refuse(*id, "The answer is too large", std::move(error));
}

base::Task<void> SseProcess::post_lines() {
  auto& from = *in_.second;
  std::string pending;
  std::array<char, 4096> piece;
  for (;;) {
    auto const got = from.read(piece);
    if (got.state == net::IoState::blocked) {
      co_await from.readable();
      continue;
    }
    if (got.state != net::IoState::moved) co_return end(0);  // our side closed its stdin: the orderly end
    auto at = pending.size();                                // what came before has no newline
    pending.append(piece.data(), got.bytes);
    for (at = pending.find('\n', at); at != std::string::npos; at = pending.find('\n')) {
      std::string line = pending.substr(0, at);
      pending.erase(0, at + 1);
      co_await posts_.send(std::move(line));
    }
    if (pending.size() > options_.line_bytes_max) co_return co_await die("a message is over the limit");
  }
}

}  // namespace

base::Result<std::unique_ptr<ChildProcess>> SseSpawner::spawn(ChildCommand const&) {
  return std::unique_ptr<ChildProcess>(std::make_unique<SseProcess>(scheduler_, dialer_, options_));
}

}  // namespace weir::upstream
