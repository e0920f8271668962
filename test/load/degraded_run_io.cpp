#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "degraded_run.hpp"
#include "mcp/message.hpp"
#include "process_view.hpp"

namespace weir::load {

using namespace std::chrono_literals;
using base::Task;
using chaos::AnswerClass;
using chaos::FaultKind;
using chaos::Ledger;
using test::FakeClient;
using test::FakeServer;

namespace {

constexpr unsigned kQuestions = 300;  // that a reviewer asks one server
constexpr int kDeadlineMs = 300;
constexpr base::Duration kAfterError = 50ms;
constexpr base::Duration kAtRest = 500ms;
constexpr std::uint64_t kCallsInMinutes = 200'000;
constexpr std::uint64_t kFaultsThatAverage = 1500;
constexpr char const* kDocumentation[] = {"context7", "confluence", "notion", "kellerai_standards"};

// Copies are kept for 24 lifetimes, which must be longer than the run.
std::string caching(std::uint64_t calls) {
  std::string text =
      "caching:\n  l1_in_memory: {enabled: true, ttl_seconds: 3600, max_size: 10000}\n  tools:\n";
  for (auto const* const name : kDocumentation)
    text += fmt::format("    \"{}.*\": {{ttl: {}}}\n", name, calls > kCallsInMinutes ? "60s" : "10s");
  return text;
}

// As in the example files, only faster. What a documentation server tells is only read.
constexpr std::string_view kDegradation = R"(degradation:
  defaults:
    timeout_ms: 300
    breaker: {recovery_timeout_s: 1}
  context7: {on_timeout: use_cache, on_error: skip, cache_stale_ok: true, cache_stale_max_age_hours: 24,
    breaker: {failure_threshold: 5, recovery_timeout_s: 1}, retry: {idempotent: ["*"]}}
  confluence: {on_timeout: use_stale_cache, on_error: use_stale_cache, cache_stale_ok: true,
    breaker: {failure_threshold: 3, recovery_timeout_s: 1}, retry: {idempotent: ["*"]}}
  notion: {on_timeout: use_cache, on_error: skip, cache_stale_ok: true,
    breaker: {failure_threshold: 3, recovery_timeout_s: 1}, retry: {idempotent: ["*"]}}
  kellerai_standards: {on_timeout: use_default, on_error: use_default, cache_stale_ok: true,
    breaker: {failure_threshold: 2, recovery_timeout_s: 1}, retry: {idempotent: ["*"]}}
  search:
    timeout_ms: 2000
    retry: {attempts: 2, budget: 20%, idempotent: ["*"]}
    breaker: {failure_threshold: 100, failure_rate: 90%, recovery_timeout_s: 1}
  tickets:
    breaker: {failure_threshold: 100, failure_rate: 90%, recovery_timeout_s: 1}
)";

}  // namespace

struct DegradedRun::Tally {
  chaos::ChaosReport report;
  Ledger answers;  // by call
  std::uint64_t left = 0;
  std::uint64_t upstream_before = 0, upstream = 0;
  chaos::FaultCounts faults_before;
  MetricSums metrics;  // before, then what came to them
  std::string first_crossed;
};

DegradedRun::DegradedRun(DegradedOptions options) : options_(std::move(options)) {}

DegradedRun::Server& DegradedRun::server(std::string const& name) {
  return **std::find_if(servers_.begin(), servers_.end(), [&](auto const& s) { return s->name == name; });
}

bool DegradedRun::add_server(std::string const& name, std::string const& tool, std::size_t urls) {
  auto made = std::make_unique<Server>();
  made->name = name;
  ledgers_[name] = std::make_unique<Ledger>();
  made->fake = std::make_unique<FakeServer>(loop_, name, FakeServer::Speaks::modern, ledgers_[name].get());
  made->fake->extra_tools.insert(tool);
  auto bound = net::Listener::bind("127.0.0.1", 0);
  if (!bound || !(*bound)->attach(loop_)) return false;
  made->listener = std::move(*bound);
  for (std::size_t i = 0; i < urls; ++i) {
    chaos::ProxyTarget target{{false, "127.0.0.1", made->listener->port()}, ""};
    auto const seed = options_.seed * 1000 + servers_.size() * 10 + i;
    made->proxies.push_back(std::make_unique<chaos::FaultProxy>(loop_, std::move(target), seed));
    if (!made->proxies.back()->listen("127.0.0.1")) return false;
  }
  servers_.push_back(std::move(made));
  return true;
}

bool DegradedRun::prepare() {
  for (auto const* const name : kDocumentation) {
    if (!add_server(name, "search_docs", 1)) return false;
  }
  if (!add_server("search", "find", 3) || !add_server("tickets", "create", 1)) return false;
  for (auto& each : servers_) fakes_.spawn(accept(*each));
  if (!weir_.make_folder()) return false;
  if (auto const problem = weir_.start(options_.weir, yaml()); !problem.empty()) {
    report_.failed.push_back(problem);
    return false;
  }
  weir_at_ = {false, "127.0.0.1", weir_.port()};
  return true;
}

std::string DegradedRun::urls_of(Server const& server) const {
  auto const url = [](auto const& proxy) { return fmt::format("http://127.0.0.1:{}/mcp", proxy->port()); };
  if (server.proxies.size() == 1) return fmt::format("{{url: {}}}", url(server.proxies.front()));
  std::string list;
  for (auto const& proxy : server.proxies) list += (list.empty() ? "" : ", ") + url(proxy);
  return fmt::format("{{urls: [{}]}}", list);
}

std::string DegradedRun::yaml() const {
  std::string text = "observability: {log: {level: error, access: false}}\nservers:\n";
  for (auto const& each : servers_) text += fmt::format("  {}: {}\n", each->name, urls_of(*each));
  text.append(caching(options_.calls)).append(kDegradation);
  if (options_.workers > 0) text += fmt::format("workers: {}\n", options_.workers);
  return text;
}

Task<void> DegradedRun::accept(Server& server) {
  for (;;) {
    co_await server.listener->ready().wait();
    for (auto& accepted : server.listener->accept()) {
      if (auto stream = net::make_fd_stream(loop_, accepted.fd, std::move(accepted.peer)))
        server.fake->serve(std::move(stream));
    }
  }
}

Task<std::unique_ptr<net::Stream>> DegradedRun::connect(net::Endpoint const& to) {
  auto stream = co_await dialer_.dial(to, loop_.now() + 10s);
  if (!stream) co_return nullptr;
  co_return std::move(*stream);
}

Task<bool> DegradedRun::wait_until_ready() {
  FakeClient client(loop_, FakeClient::Era::modern, [this] { return connect(weir_at_); });
  base::Event answered(loop_);
  client.on_done = [&answered](auto const&) { answered.set(); };
  for (auto const until = loop_.now() + 30s; loop_.now() < until;) {
    answered.reset();
    auto const reply = client.request("tools/list");
    co_await answered.wait();
    bool const all = std::all_of(servers_.begin(), servers_.end(), [&](auto const& each) {
      return reply->final().find(each->name + "__echo") != std::string::npos;
    });
    if (all) co_return true;
    co_await loop_.sleep_for(100ms);
  }
  co_return false;
}

void DegradedRun::set_faults(Phase const& phase, unsigned per_thousand) {
  chaos::FaultStep step;
  step.per_thousand = per_thousand;
  for (std::size_t kind = 1; kind < chaos::kFaultKinds; ++kind) step.mix.weights[kind] *= 10;
  step.mix[FaultKind::http_5xx] = 5;
  step.latency = 1ms;
  step.jitter = 2ms;
  step.down = 50ms;
  step.stopped = std::chrono::milliseconds{kDeadlineMs + 100};
  for (auto const& name : phase.servers) {
    for (auto& proxy : server(name).proxies) per_thousand > 0 ? proxy->set(step) : proxy->heal();
  }
}

Task<void> DegradedRun::warm_up(Phase const& phase) {
  FakeClient client(loop_, FakeClient::Era::modern, [this] { return connect(weir_at_); });
  client.ask_progress = false;
  base::Event answered(loop_);
  client.on_done = [&answered](auto const&) { answered.set(); };
  for (auto const& name : phase.servers) {
    for (unsigned q = 0; q < kQuestions; ++q) {
      answered.reset();
      ledgers_[name]->issued(fmt::format("q{}", q), true);
      auto const reply = client.call(name + "__" + phase.tool, fmt::format(R"({{"key":"q{}"}})", q));
      co_await answered.wait();
    }
  }
}

Task<void> DegradedRun::work(Phase const& phase, Tally& tally, std::uint64_t seed) {
  base::SeededRandom dice(seed);
  FakeClient client(loop_, FakeClient::Era::modern, [this] { return connect(weir_at_); });
  client.ask_progress = false;
  base::Event answered(loop_);
  client.on_done = [&answered](auto const&) { answered.set(); };
  while (tally.left > 0) {
    --tally.left;
    std::string const key = fmt::format("k{}", next_key_++);
    std::string const question = phase.warm ? fmt::format("q{}", dice.below(kQuestions)) : key;
    std::string const name = phase.servers[dice.below(phase.servers.size())];
    tally.answers.issued(key, true);
    ledgers_[name]->issued(question, phase.name != "at_most_once");
    answered.reset();
    auto const sent = loop_.now();
    auto const reply = client.call(name + "__" + phase.tool, fmt::format(R"({{"key":"{}"}})", question));
    co_await answered.wait();
    tally.report.times.add(loop_.now() - sent);
    bool const served = account(phase, tally, key, question, name, *reply);
    if (!served) co_await loop_.sleep_for(kAfterError);
  }
}

// True: something useful came.
bool DegradedRun::account(Phase const& phase, Tally& tally, std::string const& key,
                          std::string const& question, std::string const& server, test::Reply const& reply) {
  bool useful = false;
  for (auto const& text : reply.finals) {
    auto const message = mcp::decode(text);
    bool const asked = message && test::member_of(text, "id") == "1";
    auto const kind = asked ? chaos::class_of(*message) : AnswerClass::error;
    bool const holds_any = text.find("{q") != std::string::npos || text.find("{k") != std::string::npos;
    bool const mine = text.find(fmt::format("{{{}}} from {}", question, server)) != std::string::npos;
    bool const foreign = holds_any && !mine;
    if (tally.first_crossed.empty() && (!asked || foreign)) {
      tally.first_crossed = fmt::format("{} at {} got {}", question, server, text.substr(0, 300));
    }
    tally.answers.answered(key, !asked    ? Ledger::Answer::unasked
                                : foreign ? Ledger::Answer::foreign
                                : mine    ? Ledger::Answer::result
                                          : Ledger::Answer::error);
    if (mine && !phase.warm) ledgers_[server]->answered(key, Ledger::Answer::result);
    // Only what brings the question back is an answer to it, whatever it says of itself.
    auto const counted = mine || kind == AnswerClass::standard ? kind : AnswerClass::error;
    tally.report.count(counted);
    if (counted == AnswerClass::error && asked) ++tally.report.errors[chaos::reason_of(*message)];
    useful = useful || chaos::is_useful(counted);
  }
  return useful;
}

Task<void> DegradedRun::play_phase(Phase const& phase) {
  Tally tally;
  if (phase.warm) co_await warm_up(phase);
  for (auto const& name : phase.servers) {
    for (auto const& proxy : server(name).proxies) tally.faults_before += proxy->counts();
    tally.upstream_before += static_cast<std::uint64_t>(server(name).fake->seen["tools/call"]);
  }
  tally.metrics = co_await scrape();
  tally.left = options_.calls * phase.part / 100;
  auto const began = loop_.now();
  set_faults(phase, phase.per_thousand);
  for (std::size_t i = 0; i < options_.clients; ++i) {
    clients_.spawn(work(phase, tally, options_.seed * 7919 + i));
  }
  co_await clients_.idle();
  tally.report.took = loop_.now() - began;
  co_await loop_.sleep_for(kAtRest);
  tally.metrics = co_await scrape() - tally.metrics;
  set_faults(phase, 0);
  for (auto const& name : phase.servers) {
    tally.upstream += static_cast<std::uint64_t>(server(name).fake->seen["tools/call"]);
    for (auto const& proxy : server(name).proxies) tally.report.faults += proxy->counts();
  }
  judge(phase, tally);
  judge_metrics(phase, tally);
}

Task<MetricSums> DegradedRun::scrape() {
  net::Endpoint const to{false, "127.0.0.1", weir_.admin_port()};
  FakeClient client(loop_, FakeClient::Era::modern, [this, &to] { return connect(to); });
  base::Event answered(loop_);
  client.on_done = [&answered](auto const&) { answered.set(); };
  auto const reply = client.post("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  co_await answered.wait();
  co_return MetricSums::of(reply->body);
}

// T-64: at rest what Weir says of its calls is what callers saw of them.
void DegradedRun::judge_metrics(Phase const& phase, Tally const& tally) {
  auto const& told = tally.metrics;
  auto const& seen = tally.report;
  auto const exact = [&](std::string_view what, std::uint64_t metric, std::uint64_t ledger) {
    report_.check(metric == ledger, fmt::format("{}: metrics equal the ledger: {}", phase.name, what),
                  fmt::format("{} and {}", metric, ledger));
  };
  auto const calls = tally.answers.totals().issued;
  exact("answers", told.responses, calls);
  if (phase.warm) exact("look-ups", told.hits + told.misses, calls);
  exact("stale", told.stale_hits, seen.of(AnswerClass::stale));  // those being renewed as well
  exact("standard", told.standard, seen.of(AnswerClass::standard));
  exact("backup", told.other, seen.of(AnswerClass::backup));
  exact("fallbacks", told.fallbacks, told.stale + told.standard + told.other);
}

void DegradedRun::judge(Phase const& phase, Tally const& tally) {
  auto const sum = tally.answers.totals();
  auto report = tally.report;
  report.calls = sum;
  report.seed = options_.seed;
  report.servers = phase.servers;
  report.deadline = std::chrono::milliseconds{kDeadlineMs};
  report.useful_min = static_cast<unsigned>(phase.useful_min * 10);
  report.faults.answers -= tally.faults_before.answers;
  report.faults.kills -= tally.faults_before.kills;
  report.faults.stops -= tally.faults_before.stops;
  for (std::size_t i = 0; i < chaos::kFaultKinds; ++i)
    report.faults.harmed[i] -= tally.faults_before.harmed[i];
  report.requests = tally.upstream - tally.upstream_before;
  fmt::print("-- {} --\n{}", phase.name, chaos::report_text(report));
  auto const named = [&](std::string_view what) { return fmt::format("{}: {}", phase.name, what); };
  report_.check(sum.lost == 0 && sum.answered == sum.issued, named("every call is answered exactly once"),
                fmt::format("{} lost, {} twice", sum.lost, sum.duplicated));
  report_.check(sum.crossed == 0, named("no answer is crossed"),
                fmt::format("{}, first {}", sum.crossed, tally.first_crossed));
  report_.check(report.useful_percent() >= phase.useful_min, named("answers are useful"),
                fmt::format("{:.3f} %, {} % wanted", report.useful_percent(), phase.useful_min));
  report_.check(report.faults.harmed_in_all() > 0, named("servers failed"), "no fault was applied");
  for (std::size_t i = 0; i < chaos::kFaultKinds; ++i) mix_.harmed[i] += report.faults.harmed[i];
  std::uint64_t twice = 0;
  for (auto const& name : phase.servers) twice += ledgers_[name]->totals().executed_twice;
  report_.check(twice == 0, named("nothing is executed twice that must not be"), fmt::format("{}", twice));
  double const extra = 100.0 * (static_cast<double>(report.requests) - static_cast<double>(sum.issued)) /
                       static_cast<double>(std::max<std::uint64_t>(report.requests, 1));
  if (phase.extra_max > 0) {
    report_.check(extra <= phase.extra_max, named("few calls are sent again"),
                  fmt::format("{:.1f} % of what reaches the server", extra));
  }
  report_.figures.emplace_back(phase.name + "_useful_percent", report.useful_percent());
  report_.figures.emplace_back(phase.name + "_extra_percent", extra);
}

// An open breaker keeps faults from a server, so that single phases may have few of them.
void DegradedRun::judge_mix() {
  // A stop harms as many answers as are under way: in a short run that is too many of them.
  auto const harmed = mix_.harmed_in_all();
  std::uint64_t const parts = harmed >= kFaultsThatAverage ? 10 : 20;
  for (auto const kind : {FaultKind::kill, FaultKind::stop, FaultKind::reset, FaultKind::black_hole,
                          FaultKind::drip, FaultKind::truncate, FaultKind::malformed, FaultKind::wrong_id}) {
    report_.check(mix_.of(kind) * parts >= harmed && harmed > 0,
                  fmt::format("the mix of faults has its part of {}", chaos::name_of(kind)),
                  fmt::format("{} of {}", mix_.of(kind), harmed));
  }
}

Task<void> DegradedRun::play() {
  std::vector<std::string> const documentation(std::begin(kDocumentation), std::end(kDocumentation));
  // Kills and stops harm more than was drawn: 190 of 1000 become a fifth. With three attempts, 99 % and a
  // fifth of repetitions are both just possible there: (0.2)³ is 0.8 %, and 0.24 of 1.24 is 19.4 %.
  std::vector<Phase> const phases{
      {"cacheable_20", documentation, "search_docs", 200, 40, 99.9, 0, true},
      {"cacheable_50", documentation, "search_docs", 500, 30, 99.5, 0, true},
      {"not_cacheable", {"search"}, "find", 190, 15, 99.0, 20, false},
      {"at_most_once", {"tickets"}, "create", 200, 15, 0, 0, false},
  };
  bool const ready = co_await wait_until_ready();
  report_.check(ready, "every server is listed", "not within 30 s\n" + weir_.log_tail());
  for (auto const& phase : phases) {
    bool const wanted = options_.only.empty() || options_.only == phase.name;
    if (ready && wanted) co_await play_phase(phase);
  }
  if (ready) judge_mix();
  co_await stop_weir();
  loop_.stop();
}

Task<void> DegradedRun::watch_the_clock() {
  co_await loop_.sleep_for(std::chrono::seconds{options_.seconds_max});
  report_.failed.push_back(fmt::format("done within {} s: it hangs, or is too slow", options_.seconds_max));
  loop_.stop();
}

Task<void> DegradedRun::stop_weir() {
  int code = -1;
  weir_.terminate();
  for (auto const until = loop_.now() + 20s; loop_.now() < until && !weir_ended_;) {
    co_await loop_.sleep_for(20ms);
    weir_ended_ = weir_.ended(code);
  }
  report_.check(weir_ended_ && code == 0, "weir ends well",
                fmt::format("ended {}, exit code {}", weir_ended_, code));
}

Report DegradedRun::run() {
  if (!prepare()) {
    report_.failed.push_back("the servers of the run cannot be started");
    return report_;
  }
  report_.figures.emplace_back("calls", static_cast<double>(options_.calls));
  main_.spawn(watch_the_clock());
  main_.spawn(play());
  loop_.run();
  main_.cancel();
  if (!report_.failed.empty()) {
    fmt::print(stderr, "{}\nkept: {}\n", weir_.log_tail(), weir_.folder());
  } else if (!weir_.folder().empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(weir_.folder(), ignored);
  }
  return report_;
}

}  // namespace weir::load
