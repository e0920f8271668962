#include <fmt/core.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/run_until.hpp"
#include "load_run.hpp"
#include "process_view.hpp"

namespace weir::load {

using namespace std::chrono_literals;
using chaos::FaultKind;
using chaos::Ledger;
using test::FakeClient;
using test::FakeServer;

namespace {

constexpr std::size_t kServers = 4;
constexpr base::Duration kAfterError = 100ms;

chaos::FaultStep faults() {
  chaos::FaultStep step;
  step.per_thousand = 27;
  step.mix = {};
  for (auto const often : {FaultKind::reset, FaultKind::half_close, FaultKind::truncate, FaultKind::malformed,
                           FaultKind::wrong_id}) {
    step.mix[often] = 5;
  }
  step.mix[FaultKind::black_hole] = step.mix[FaultKind::drip] = 1;
  step.latency = 1ms;
  step.jitter = 4ms;
  return step;
}

// What an error of Weir gives as its reason; of any other, that it is none of Weir's.
std::string reason_of(std::string_view error) {
  auto const reason = test::member_of(error, "reason");
  return reason.empty() ? "other" : reason;
}

}  // namespace

LoadRun::LoadRun(LoadOptions options) : options_(std::move(options)), dice_(options_.seed) {}

bool LoadRun::prepare() {
  for (std::size_t i = 0; i < kServers; ++i) {
    Server server;
    std::string const host = fmt::format("127.0.0.{}", 2 + i);
    server.name = fmt::format("s{}", i);
    server.fake = std::make_unique<FakeServer>(loop_, server.name, FakeServer::Speaks::both, &ledger_);
    auto bound = net::Listener::bind(host, 0);
    if (!bound || !(*bound)->attach(loop_)) return false;
    server.listener = std::move(*bound);
    server.proxy = std::make_unique<chaos::FaultProxy>(
        loop_, chaos::ProxyTarget{{false, host, server.listener->port()}, ""}, options_.seed + i);
    if (!server.proxy->listen(host)) return false;
    servers_.push_back(std::move(server));
  }
  for (auto& server : servers_) fakes_.spawn(accept(server));
  if (options_.weir.empty()) {
    weir_at_ = {false, options_.url_host, options_.url_port};
    return true;
  }
  if (!weir_.make_folder()) return false;
  std::string yaml = servers_yaml();
  // What one call comes to is what this is about, not how a server is left alone after many have failed.
  yaml += "degradation: {defaults: {breaker: {enabled: false}}}\n";
  if (options_.workers > 0) yaml += fmt::format("workers: {}\n", options_.workers);
  if (auto const problem = weir_.start(options_.weir, yaml); !problem.empty()) {
    report_.failed.push_back(problem);
    return false;
  }
  weir_at_ = {false, "127.0.0.1", weir_.port()};
  return true;
}

std::string LoadRun::servers_yaml() const {
  std::string yaml = "servers:\n";
  for (auto const& server : servers_) {
    yaml += fmt::format("  {}:\n    url: http://{}:{}/mcp\n", server.name, server.listener->host(),
                        server.proxy->port());
  }
  return yaml + fmt::format("  child:\n    command: {}\n    args: [--serve-stdio, {}/child.keys]\n",
                            options_.self, weir_.folder());
}

base::Task<void> LoadRun::accept(Server& server) {
  for (;;) {
    co_await server.listener->ready().wait();
    for (auto& accepted : server.listener->accept()) {
      if (auto stream = net::make_fd_stream(loop_, accepted.fd, std::move(accepted.peer))) {
        server.fake->serve(std::move(stream));
      }
    }
  }
}

base::Task<std::unique_ptr<net::Stream>> LoadRun::connect() {
  auto stream = co_await dialer_.dial(weir_at_, loop_.now() + 10s);
  if (!stream) co_return nullptr;
  co_return std::move(*stream);
}

base::Task<bool> LoadRun::wait_until_ready() {
  FakeClient client(loop_, FakeClient::Era::modern, [this] { return connect(); });
  base::Event answered(loop_);
  client.on_done = [&answered](auto const&) { answered.set(); };
  for (base::TimePoint const until = loop_.now() + 30s; loop_.now() < until;) {
    answered.reset();
    auto const reply = client.request("tools/list");
    co_await answered.wait();
    bool all = true;
    for (auto const& server : servers_)
      all = all && reply->final().find(server.name + "__echo") != std::string::npos;
    if (all && reply->final().find("child__echo") != std::string::npos) co_return true;
    co_await loop_.sleep_for(100ms);
  }
  co_return false;
}

LoadRun::Usage LoadRun::usage() const { return {open_descriptors(weir_.pid()), threads(weir_.pid())}; }

base::Task<void> LoadRun::work(std::size_t index) {
  bool const legacy = index % 2 == 1;
  FakeClient client(loop_, legacy ? FakeClient::Era::legacy : FakeClient::Era::modern,
                    [this] { return connect(); });
  base::Event answered(loop_);
  client.on_done = [&answered](auto const&) { answered.set(); };
  if (legacy) {
    client.initialize();
    co_await answered.wait();
    if (client.session().empty()) report_.failed.push_back("a legacy client got no session");
  }
  for (std::uint64_t id = 1; next_call_ < options_.calls; ++id) {
    co_await one_call(client, answered, next_call_++, id);
  }
  if (!legacy) co_return;
  answered.reset();
  client.end_session();
  co_await answered.wait();
}

base::Task<void> LoadRun::one_call(FakeClient& client, base::Event& answered, std::uint64_t number,
                                   std::uint64_t id) {
  bool const to_child = client.era() == FakeClient::Era::modern && dice_.below(10) == 0;
  std::string const server = to_child ? "child" : servers_[dice_.below(kServers)].name;
  static constexpr std::string_view kTools[] = {"echo", "echo", "echo", "slow", "progress"};
  std::string const tool(to_child ? "echo" : kTools[dice_.below(std::size(kTools))]);
  std::string const key = fmt::format("k{}", number);
  ledger_.issued(key, false);
  answered.reset();
  auto const reply = client.call(
      server + "__" + tool, fmt::format(R"({{"key":"{}","n":2,"ms":{},"bytes":100}})", key, dice_.below(20)),
      std::to_string(id));
  co_await answered.wait();
  bool const served = account(key, std::to_string(id), server, *reply);
  // A server that is down refuses at once: without a pause the clients would spend all their calls on it.
  if (!served) co_await loop_.sleep_for(kAfterError + told_to_wait(reply->final()));
}

// Who is told that the house is full comes again when it was told to, not all at the same time.
base::Duration LoadRun::told_to_wait(std::string const& error) {
  if (reason_of(error) != "busy") return {};
  auto const told = std::strtoul(test::member_of(error, "retryAfterMs").c_str(), nullptr, 10);
  return std::chrono::milliseconds{told + dice_.below(told / 2 + 1)};
}

// True: its own result came.
bool LoadRun::account(std::string const& key, std::string const& id, std::string const& server,
                      test::Reply const& reply) {
  bool served = false;
  for (auto const& text : reply.finals) {
    bool const asked = text.starts_with(R"({"jsonrpc":"2.0",)") && test::member_of(text, "id") == id;
    bool const mine = text.find(fmt::format("{{{}}} from {}", key, server)) != std::string::npos;
    bool const foreign = !mine && text.find("{k") != std::string::npos;
    if (first_crossed_.empty() && (!asked || foreign)) {
      first_crossed_ = fmt::format("{} of id {} at {} got {}", key, id, server, text.substr(0, 400));
    }
    ledger_.answered(key, !asked    ? Ledger::Answer::unasked
                          : foreign ? Ledger::Answer::foreign
                          : mine    ? Ledger::Answer::result
                                    : Ledger::Answer::error);
    served = served || mine;
    if (asked && !foreign && !mine) ++errors_[reason_of(text)];
  }
  return served;
}

// Servers die and come back, connections are cut, sessions forgotten, the child killed. Not oftener than the
// calls come: a slow machine has as much trouble as a fast one.
base::Task<void> LoadRun::trouble() {
  for (std::uint64_t next = 0;;) {
    co_await loop_.sleep_for(std::chrono::milliseconds{100 + dice_.below(300)});
    if (next_call_ < next) continue;
    next = next_call_ + 100 + dice_.below(200);
    auto& server = servers_[dice_.below(kServers)];
    switch (dice_.below(5)) {
      case 0: server.proxy->cut_all(); break;
      case 1: server.fake->forget_sessions(); break;
      case 2: server.fake->close_all(); break;
      case 3: {
        server.proxy->refuse(true);
        server.proxy->cut_all();
        co_await loop_.sleep_for(200ms);
        server.proxy->refuse(false);
        break;
      }
      default: {
        auto const started = weir_.pid() > 0 ? children(weir_.pid()) : std::vector<int>();
        if (!started.empty() && dice_.below(4) == 0) ::kill(started.front(), SIGKILL);
      }
    }
  }
}

base::Task<void> LoadRun::watch_the_clock() {
  co_await loop_.sleep_for(std::chrono::seconds{options_.seconds_max});
  report_.failed.push_back(fmt::format("done within {} s: it hangs, or is too slow", options_.seconds_max));
  loop_.stop();
}

base::Task<void> LoadRun::stop_weir() {
  if (weir_.pid() == 0) co_return;
  // Clients are gone; what is left are kept connections to servers, each of which the proxies know.
  std::size_t kept = 0;
  for (base::TimePoint const until = loop_.now() + 10s;;) {
    after_ = usage();
    kept = 0;
    for (auto const& server : servers_) kept += server.proxy->connections();
    if (after_.descriptors <= before_.descriptors + kept || loop_.now() >= until) break;
    co_await loop_.sleep_for(100ms);
  }
  report_.check(
      after_.descriptors <= before_.descriptors + kept, "descriptors are given back",
      fmt::format("{} before, {} after, {} of them kept", before_.descriptors, after_.descriptors, kept));
  report_.check(after_.threads <= before_.threads, "no thread is left",
                fmt::format("{} before, {} after", before_.threads, after_.threads));
  auto const started = children(weir_.pid());
  int const pid = weir_.pid();
  int code = -1;
  weir_.terminate();
  for (base::TimePoint const until = loop_.now() + 20s; loop_.now() < until && !weir_ended_;) {
    co_await loop_.sleep_for(20ms);
    weir_ended_ = weir_.ended(code);
  }
  report_.check(weir_ended_ && code == 0, "weir ends well",
                fmt::format("ended {}, exit code {}", weir_ended_, code));
  std::size_t orphans = 0;
  for (int const child : started) orphans += is_alive(child) ? 1 : 0;
  report_.check(orphans == 0 && !is_alive(pid), "no process is left", fmt::format("{} orphans", orphans));
}

base::Task<void> LoadRun::play() {
  bool const ready = co_await wait_until_ready();
  report_.check(ready, "every server is listed", "not within 30 s\n" + weir_.log_tail());
  if (ready) {
    before_ = usage();
    begun_ = loop_.now();
    if (!options_.calm) {
      for (auto& server : servers_) server.proxy->set(faults());
      trouble_.spawn(trouble());
    }
    for (std::size_t i = 0; i < options_.clients; ++i) clients_.spawn(work(i));
    co_await clients_.idle();
    finished_ = loop_.now();
    trouble_.cancel();
    for (auto& server : servers_) server.proxy->heal();
  }
  co_await stop_weir();
  loop_.stop();
}

void LoadRun::take_child_executions() {
  std::ifstream keys(weir_.folder() + "/child.keys");
  for (std::string key; std::getline(keys, key);) ledger_.executed(key);
}

void LoadRun::summarise() {
  take_child_executions();
  auto const sum = ledger_.totals();
  report_.check(sum.issued == options_.calls, "every call was made", fmt::format("{}", sum.issued));
  report_.check(sum.lost == 0 && sum.answered == sum.issued, "every id is answered exactly once",
                fmt::format("{} lost (first: {}), {} twice", sum.lost, ledger_.first_lost(), sum.duplicated));
  report_.check(sum.crossed == 0, "no answer is crossed",
                fmt::format("{}, first {}", sum.crossed, first_crossed_));
  report_.check(sum.invented == 0, "no answer is invented", fmt::format("{}", sum.invented));
  report_.check(sum.executed_twice == 0, "no call is executed twice", fmt::format("{}", sum.executed_twice));
  report_.check(sum.errors * 2 < sum.issued, "most calls succeed", fmt::format("{} errors", sum.errors));
  std::uint64_t answers = 0, harmed = 0;
  for (auto const& server : servers_) {
    answers += server.proxy->counts().answers;
    harmed += server.proxy->counts().harmed_in_all();
  }
  auto const seconds = std::chrono::duration<double>(finished_ - begun_).count();
  report_.figures = {{"calls", static_cast<double>(sum.issued)},
                     {"answered_once", static_cast<double>(sum.answered)},
                     {"honest_errors", static_cast<double>(sum.errors)},
                     {"executed", static_cast<double>(sum.executed)},
                     {"upstream_answers", static_cast<double>(answers)},
                     {"upstream_answers_harmed", static_cast<double>(harmed)},
                     {"seconds", seconds},
                     {"calls_per_second", seconds > 0 ? static_cast<double>(sum.issued) / seconds : 0},
                     {"descriptors_before", static_cast<double>(before_.descriptors)},
                     {"descriptors_after", static_cast<double>(after_.descriptors)}};
  for (auto const& [reason, count] : errors_) {
    report_.figures.emplace_back("errors_" + reason, static_cast<double>(count));
  }
}

Report LoadRun::run() {
  if (!prepare()) {
    report_.failed.push_back("the servers of the run cannot be started");
    return report_;
  }
  main_.spawn(watch_the_clock());
  main_.spawn(play());
  loop_.run();
  main_.cancel();
  summarise();
  if (!report_.failed.empty()) {
    fmt::print(stderr, "{}\nkept: {}\n", weir_.log_tail(), weir_.folder());
  } else if (!weir_.folder().empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(weir_.folder(), ignored);
  }
  return report_;
}

}  // namespace weir::load
