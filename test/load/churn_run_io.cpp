#include "churn_run.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "base/run_until.hpp"
#include "process_view.hpp"

namespace weir::load {

using namespace std::chrono_literals;
using test::FakeClient;

namespace {

constexpr double kFlat = 0.02;  // of memory, between a fifth of the run and its end
constexpr std::size_t kTwentieths = 20;

double value_in(std::string const& metrics, std::string const& series) {
  auto const at = metrics.find("\n" + series + " ");
  return at == std::string::npos ? -1 : std::atof(metrics.c_str() + at + series.size() + 2);
}

// A client and its requests one after another.
struct Visitor {
  Visitor(base::Scheduler& scheduler, FakeClient::Connect connect)
      : answered(scheduler), client(scheduler, FakeClient::Era::legacy, std::move(connect)) {
    client.on_done = [this](auto const&) { answered.set(); };
  }
  base::Task<void> hear(FakeClient::Replied const reply) {
    while (!reply->done) {
      answered.reset();
      co_await answered.wait();
    }
  }
  base::Event answered;
  FakeClient client;
};

}  // namespace

ChurnRun::ChurnRun(ChurnOptions options) : options_(std::move(options)), dice_(options_.seed) {}

bool ChurnRun::prepare() {
  auto bound = net::Listener::bind("127.0.0.2", 0);
  if (!bound || !(*bound)->attach(loop_)) return false;
  listener_ = std::move(*bound);
  server_tasks_.spawn(accept());
  if (!weir_.make_folder()) return false;
  std::string yaml = fmt::format("servers:\n  s:\n    url: http://127.0.0.2:{}/mcp\n", listener_->port());
  if (options_.workers > 0) yaml += fmt::format("workers: {}\n", options_.workers);
  auto const problem = weir_.start(options_.weir, yaml);
  if (!problem.empty()) report_.failed.push_back(problem);
  return problem.empty();
}

base::Task<void> ChurnRun::accept() {
  for (;;) {
    co_await listener_->ready().wait();
    for (auto& accepted : listener_->accept()) {
      auto stream = net::make_fd_stream(loop_, accepted.fd, std::move(accepted.peer));
      if (stream) server_.serve(std::move(stream));
    }
  }
}

base::Task<std::unique_ptr<net::Stream>> ChurnRun::connect(std::uint16_t port) {
  net::Endpoint const to{false, "127.0.0.1", port};
  auto stream = co_await dialer_.dial(to, loop_.now() + 10s);
  if (!stream) co_return nullptr;
  co_return std::move(*stream);
}

base::Task<FakeClient::Replied> ChurnRun::scrape() {
  Visitor visitor(loop_, [this] { return connect(weir_.admin_port()); });
  auto const reply = visitor.client.post("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  co_await visitor.hear(reply);
  co_return reply;
}

base::Task<ChurnRun::Sample> ChurnRun::sample() {
  auto const reply = co_await scrape();
  Sample now;
  now.sessions = value_in(reply->body, "mcp_sessions_active");
  now.upstream = value_in(reply->body, R"(weir_upstream_sessions{server="s"})");
  now.evicted = value_in(reply->body, R"(weir_session_events_total{event="evicted"})");
  now.streams = value_in(reply->body, "mcp_streams_active");
  now.at_server = server_.sessions();
  now.memory_kib = anonymous_kib(weir_.pid());
  co_return now;
}

base::Task<bool> ChurnRun::wait_until_ready() {
  for (base::TimePoint const until = loop_.now() + 30s; loop_.now() < until;) {
    auto const reply = co_await scrape();
    if (value_in(reply->body, R"(mcp_upstream_up{server="s"})") == 1) co_return true;
    co_await loop_.sleep_for(50ms);
  }
  co_return false;
}

base::Task<void> ChurnRun::one_client(std::uint64_t number) {
  Visitor visitor(loop_, [this] { return connect(weir_.port()); });
  auto& client = visitor.client;
  auto const hello = client.initialize();
  co_await visitor.hear(hello);
  if (client.session().empty()) {
    ++refused_;
    co_return;
  }
  ++opened_;
  auto const call = client.call("s__echo");
  co_await visitor.hear(call);
  switch (number % 4) {
    case 0: {
      auto const goodbye = client.end_session();
      co_await visitor.hear(goodbye);
      break;
    }
    case 1: streams_open_.spawn(keep_stream(client.session())); break;
    default: break;  // it vanishes, and its connection with it
  }
}

base::Task<void> ChurnRun::work() {
  while (begun_ < options_.sessions) {
    std::uint64_t const number = begun_++;
    co_await one_client(number);
    // What weir holds when its caches and pools are warm is the yardstick for the rest of the run.
    if (begun_ * kTwentieths / options_.sessions > memory_kib_.size())
      memory_kib_.push_back(anonymous_kib(weir_.pid()));
  }
}

// Reads until the stream ends, then asks once more.
base::Task<void> ChurnRun::keep_stream(std::string session) {
  auto stream = co_await connect(weir_.port());
  if (!stream) co_return;
  test::Wire wire(std::move(stream));
  std::string const field = "Mcp-Session-Id: " + session + "\r\n";
  co_await wire.write("GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" + field +
                      "\r\n");
  auto const head = co_await wire.head();
  if (!head || head->status() != 200) co_return;  // its session has gone already
  ++streams_;
  std::string last;
  while (auto event = co_await wire.event()) last = std::move(*event);
  if (last == R"({"reason":"evicted"})" && wire.stream_ended()) {
    ++told_;
  } else if (untold_++ == 0) {
    first_untold_ = last;
  }
  Visitor visitor(loop_, [this] { return connect(weir_.port()); });
  std::string const ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
  auto const reply = visitor.client.post(
      "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json, "
      "text/event-stream\r\n" +
      field + fmt::format("Content-Length: {}\r\n\r\n{}", ping.size(), ping));
  co_await visitor.hear(reply);
  if (reply->head.status() == 404) ++gone_404_;
}

base::Task<void> ChurnRun::watch() {
  for (;;) {
    auto const now = co_await sample();
    sessions_most_ = std::max(sessions_most_, static_cast<std::size_t>(std::max(now.sessions, 0.0)));
    at_server_most_ = std::max(at_server_most_, now.at_server);
    co_await loop_.sleep_for(20ms);
  }
}

base::Task<void> ChurnRun::churn() {
  watching_.spawn(watch());
  for (std::size_t i = 0; i < kAtOnce; ++i) clients_.spawn(work());
  co_await clients_.idle();
  watching_.cancel();
}

void ChurnRun::check_memory() {
  if (uses_address_sanitizer(weir_.pid())) {
    report_.skipped.push_back("memory is flat: AddressSanitizer keeps what was freed");
    return;
  }
  if (memory_kib_.size() < kTwentieths) return;
  auto const from = memory_kib_.begin() + kTwentieths / 5 - 1;
  auto const [least, most] = std::minmax_element(from, memory_kib_.end());
  double const at_first = static_cast<double>(*from);
  bool const flat = static_cast<double>(*most) <= at_first * (1 + kFlat) &&
                    static_cast<double>(*least) >= at_first * (1 - kFlat);
  std::string all;
  for (auto const kib : memory_kib_) all += fmt::format(" {}", kib);
  report_.check(flat, "memory is flat from a fifth of the run to its end", "KiB at each twentieth:" + all);
  report_.figures.emplace_back("memory_kib_at_a_fifth", at_first);
  report_.figures.emplace_back("memory_kib_least", static_cast<double>(*least));
  report_.figures.emplace_back("memory_kib_most", static_cast<double>(*most));
}

base::Task<void> ChurnRun::check_sessions() {
  Sample now;
  bool settled = false;
  auto const streams_here = [this] { return static_cast<double>(streams_ - told_ - untold_); };
  for (base::TimePoint const until = loop_.now() + 20s; !settled && loop_.now() < until;) {
    now = co_await sample();
    // Each client called the server, so each live session has one there; one more is the gateway's own.
    settled = now.at_server == static_cast<std::size_t>(now.sessions) + 1 &&
              now.upstream == static_cast<double>(now.at_server) && streams_here() == now.streams;
    if (!settled) co_await loop_.sleep_for(50ms);
  }
  report_.check(settled, "sessions at the server are ours",
                fmt::format("{} here, {} counted upstream, {} at the server; {} streams here, {} at clients",
                            now.sessions, now.upstream, now.at_server, now.streams, streams_here()));
  report_.check(opened_ + refused_ == options_.sessions && refused_ == 0, "every client got a session",
                fmt::format("{} opened, {} refused", opened_, refused_));
  report_.check(sessions_most_ <= kCap && sessions_most_ > 0, "never more sessions than the cap",
                fmt::format("{}", sessions_most_));
  report_.check(at_server_most_ <= kCap + 2 * kAtOnce, "the server never has many more",
                fmt::format("{}", at_server_most_));
  report_.check(untold_ == 0 && told_ > 0 && told_ == gone_404_,
                "every evicted client with a stream is told, and its next request answered 404",
                fmt::format("{} told, {} not (first heard {}), {} times 404", told_, untold_, first_untold_,
                            gone_404_));
  check_memory();
  report_.figures.insert(report_.figures.begin(), {{"sessions", static_cast<double>(opened_)},
                                                   {"sessions_most", static_cast<double>(sessions_most_)},
                                                   {"evicted", now.evicted},
                                                   {"streams", static_cast<double>(streams_)},
                                                   {"told", static_cast<double>(told_)}});
}

base::Task<void> ChurnRun::stop_weir() {
  int const pid = weir_.pid();
  int code = -1;
  weir_.terminate();
  for (base::TimePoint const until = loop_.now() + 20s; loop_.now() < until && !weir_ended_;) {
    co_await loop_.sleep_for(20ms);
    weir_ended_ = weir_.ended(code);
  }
  report_.check(weir_ended_ && code == 0 && !is_alive(pid), "weir ends well",
                fmt::format("ended {}, exit code {}", weir_ended_, code));
  report_.check(server_.sessions() == 0, "stopping leaves no session at the server",
                fmt::format("{}", server_.sessions()));
}

base::Task<void> ChurnRun::watch_the_clock() {
  co_await loop_.sleep_for(std::chrono::seconds{options_.seconds_max});
  report_.failed.push_back(fmt::format("done within {} s: it hangs, or is too slow", options_.seconds_max));
  loop_.stop();
}

base::Task<void> ChurnRun::play() {
  bool const ready = co_await wait_until_ready();
  report_.check(ready, "the server is ready", "not within 30 s\n" + weir_.log_tail());
  if (ready) {
    descriptors_ = co_await own_descriptors();
    auto const begun = loop_.now();
    co_await churn();
    std::chrono::duration<double> const took = loop_.now() - begun;
    co_await check_sessions();
    report_.figures.emplace_back("churn_seconds", took.count());
    co_await check_cycles();
  }
  co_await stop_weir();
  loop_.stop();
}

Report ChurnRun::run() {
  if (!prepare()) {
    report_.failed.push_back("the server of the run cannot be started");
    return report_;
  }
  main_.spawn(watch_the_clock());
  main_.spawn(play());
  loop_.run();
  main_.cancel();
  if (!report_.failed.empty()) {
    fmt::print(stderr, "{}\nkept: {}\n", weir_.log_tail(), weir_.folder());
  } else {
    std::error_code ignored;
    std::filesystem::remove_all(weir_.folder(), ignored);
  }
  return report_;
}

}  // namespace weir::load
