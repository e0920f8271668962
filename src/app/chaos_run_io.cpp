#include <fmt/core.h>

#include <algorithm>

#include "app/chaos_run.hpp"
#include "app/gateway_client.hpp"
#include "base/glob.hpp"

namespace weir::app {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Task;
using chaos::FaultKind;
using mcp::Method;

namespace {

constexpr base::Duration kAskMax = std::chrono::seconds{10};
constexpr base::Duration kAskAgain = std::chrono::milliseconds{200};
constexpr base::Duration kMetricsMax = std::chrono::seconds{5};
constexpr int kPagesMax = 20;

std::vector<std::string> command_of(config::Server const& server) {
  std::vector<std::string> words{server.command};
  words.insert(words.end(), server.args.begin(), server.args.end());
  return words;
}

std::uint64_t seed_of(std::uint64_t seed, std::size_t server, std::size_t url) {
  return seed * 1'000'003 + server * 101 + url;
}

}  // namespace

struct ChaosRun::Target {
  config::Server const* server = nullptr;
  std::vector<std::unique_ptr<chaos::FaultProxy>> proxies;  // http
  std::unique_ptr<chaos::ProcessFault> process;             // stdio
  std::unique_ptr<chaos::FaultDeck> deck;
};

ChaosRun::ChaosRun(ChaosOptions options, std::shared_ptr<config::Settings const> settings)
    : options_(std::move(options)), settings_(std::move(settings)), schedule_(options_.script) {}

ChaosRun::~ChaosRun() = default;

Result<void> ChaosRun::put_proxies(Target& target, std::size_t server,
                                   std::vector<ChaosGateway::Detour>& detours) {
  for (std::size_t i = 0; i < target.server->urls.size(); ++i) {
    auto const url = net::parse_url(target.server->urls[i]);
    if (!url) return url.error();
    if (url->https && !tls_) {
      auto made = net::TlsContext::system();
      if (!made) return made.error();
      tls_ = std::move(*made);
    }
    chaos::ProxyTarget to{{url->https, url->host, url->port}, url->authority, tls_.get()};
    auto proxy = std::make_unique<chaos::FaultProxy>(loop_, std::move(to), seed_of(options_.seed, server, i));
    if (auto bound = proxy->listen("127.0.0.1"); !bound) return bound.error();
    detours.push_back({server, i, fmt::format("http://127.0.0.1:{}{}", proxy->port(), url->target)});
    target.proxies.push_back(std::move(proxy));
  }
  return {};
}

Result<void> ChaosRun::build(std::vector<ChaosGateway::Detour>& detours) {
  for (std::size_t i = 0; i < settings_->servers.size(); ++i) {
    auto const& server = settings_->servers[i];
    bool const named = std::count(options_.servers.begin(), options_.servers.end(), server.name) > 0;
    if (!options_.servers.empty() && !named) continue;
    if (server.disabled || !server.unusable.empty()) {
      report_.left_out.emplace_back(server.name, server.disabled ? "it is disabled" : server.unusable);
      continue;
    }
    auto target = std::make_unique<Target>();
    target->server = &server;
    if (server.kind == config::UpstreamKind::stdio) {
      target->process = std::make_unique<chaos::ProcessFault>(gateway_pid_, command_of(server));
      target->deck = std::make_unique<chaos::FaultDeck>(seed_of(options_.seed, i, 0));
    } else if (auto put = put_proxies(*target, i, detours); !put) {
      return put;
    }
    targets_.push_back(std::move(target));
  }
  return {};
}

base::Duration ChaosRun::deadline_of(config::Server const& server, chaos::Operation const& operation) const {
  for (auto const& degradation : settings_->degradation) {
    if (degradation.server != server.name || operation.method != Method::tools_call) continue;
    for (auto const& rule : degradation.tools) {
      if (rule.timeout && base::glob_matches(rule.pattern, operation.target)) return *rule.timeout;
    }
  }
  return server.timeouts.call;
}

Task<Result<mcp::Message>> ChaosRun::list(std::string server, Method method) {
  chaos::Operation operation{std::move(server), method, {}, "{}"};
  co_return co_await client_->ask(std::move(operation), kAskMax);
}

// False: it does not answer, or has nothing that can be called.
Task<bool> ChaosRun::find_operations(Target& target) {
  auto const& name = target.server->name;
  auto const before = operations_.size();
  auto tools = co_await list(name, Method::tools_list);
  while ((!tools || tools->kind() != mcp::MessageKind::result) && loop_.now() < ready_until_) {
    co_await loop_.sleep_for(kAskAgain);
    tools = co_await list(name, Method::tools_list);
  }
  if (!tools || tools->kind() != mcp::MessageKind::result) {
    report_.left_out.emplace_back(name, tools ? chaos::reason_of(*tools) : tools.error().detail);
    co_return false;
  }
  auto const listed = tools->raw(mcp::Field::result);
  if (!options_.tool.empty()) {
    auto const schema = chaos::schema_of(listed, options_.tool);
    if (!schema.empty())
      operations_.push_back(chaos::tool_call(name, options_.tool, options_.arguments, schema));
  } else {
    chaos::append_reads(operations_, name, Method::tools_list, listed);
    for (auto const method : {Method::resources_list, Method::prompts_list}) {
      auto const more = co_await list(name, method);
      if (more) chaos::append_reads(operations_, name, method, more->raw(mcp::Field::result));
    }
  }
  for (auto at = before; at < operations_.size(); ++at) {
    operations_[at].deadline = deadline_of(*target.server, operations_[at]);
  }
  if (operations_.size() > before) co_return true;
  report_.left_out.emplace_back(name, options_.tool.empty()
                                          ? "nothing in it says that it only reads; name a tool with --tool"
                                          : fmt::format("it has no tool `{}`", options_.tool));
  co_return false;
}

// Each read once without faults: it fills the caches, and what fails now proves nothing later.
Task<void> ChaosRun::try_once() {
  std::vector<chaos::Operation> good;
  for (auto const& operation : operations_) {
    auto const answer = co_await client_->ask(operation, operation.deadline + kAskMax);
    bool const works = answer && chaos::class_of(*answer) != chaos::AnswerClass::error;
    if (works) good.push_back(operation);
    if (!works) {
      report_.left_out.emplace_back(
          operation.server + "." + operation.target,
          "it fails without any fault: " + (answer ? chaos::reason_of(*answer) : answer.error().detail));
    }
  }
  operations_ = std::move(good);
}

void ChaosRun::set_step(chaos::FaultStep const& step) {
  if (step == step_) return;
  step_ = step;
  for (auto& target : targets_) {
    for (auto& proxy : target->proxies) proxy->set(step);
  }
}

void ChaosRun::before_call(std::uint64_t number, chaos::Operation const& operation) {
  set_step(schedule_.at(loop_.now() - began_, number));
  for (auto& target : targets_) {
    if (target->process && target->server->name == operation.server) hit_process(*target);
  }
}

void ChaosRun::hit_process(Target& target) {
  auto step = step_;
  for (std::size_t i = 0; i < chaos::kFaultKinds; ++i) {
    auto const kind = static_cast<FaultKind>(i);
    if (kind != FaultKind::kill && kind != FaultKind::stop) step.mix[kind] = 0;
  }
  auto const kind = target.deck->draw(step);
  if (kind == FaultKind::none) return;
  bool const done = kind == FaultKind::kill ? target.process->kill() : target.process->stop();
  if (!done) return target.deck->take_back(kind);
  if (kind == FaultKind::stop) tasks_.spawn(go_on_after(target, step_.stopped));
  for (auto others = client_->in_flight(target.server->name); others > 0; --others) {
    target.deck->also_harmed(kind);
  }
}

Task<void> ChaosRun::go_on_after(Target& target, base::Duration time) {
  co_await loop_.sleep_for(time);
  target.process->go_on();
}

void ChaosRun::heal() {
  for (auto& target : targets_) {
    for (auto& proxy : target->proxies) proxy->heal();
    if (target->process) target->process->go_on();
  }
}

Task<void> ChaosRun::play() {
  ready_until_ = loop_.now() + kReadyMax;
  for (auto& target : targets_) {
    bool const takes_part = co_await find_operations(*target);
    if (takes_part) report_.servers.push_back(target->server->name);
  }
  if (options_.tool.empty()) co_await try_once();
  if (operations_.empty()) {
    problem_ = "there is nothing to call";
    for (auto const& [name, why] : report_.left_out) problem_ += fmt::format("\n  {}: {}", name, why);
  } else {
    began_ = loop_.now();
    std::uint64_t before = 0;
    for (auto& target : targets_) {
      for (auto& proxy : target->proxies) before += proxy->requests();
    }
    chaos::LedgerClient::BeforeCall told = [this](std::uint64_t number, chaos::Operation const& operation) {
      before_call(number, operation);
    };
    co_await client_->run(operations_, std::move(told), report_);
    for (auto& target : targets_) {
      for (auto& proxy : target->proxies) report_.requests += proxy->requests();
    }
    report_.requests -= before;
  }
  heal();
  loop_.stop();
}

void ChaosRun::sum_up(ChaosGateway const& gateway) {
  for (auto const& target : targets_) {
    for (auto const& proxy : target->proxies) report_.faults += proxy->counts();
    if (target->deck) report_.faults += target->deck->counts();
  }
  auto const said = get_from(gateway.admin(), "/metrics", gateway.key(), kMetricsMax);
  if (said) report_.metrics = chaos::read_metrics(said->body);
}

Result<chaos::ChaosReport> ChaosRun::run(ChaosGateway& gateway) {
  report_.seed = options_.seed;
  report_.useful_min = options_.useful_min;
  gateway_pid_ = gateway.pid();
  std::vector<ChaosGateway::Detour> detours;
  if (auto built = build(detours); !built) return built.error();
  if (auto started = gateway.start(detours); !started) return started.error();
  chaos::LedgerClientOptions options{gateway.mcp(),  gateway.key(),     options_.concurrency,
                                     options_.calls, options_.time_max, options_.stop};
  client_ = std::make_unique<chaos::LedgerClient>(loop_, std::move(options));
  tasks_.spawn(play());
  loop_.run();
  tasks_.cancel();
  if (!problem_.empty()) return Error(Fault::unavailable, Blame::client, problem_);
  sum_up(gateway);
  gateway.end();
  return std::move(report_);
}

}  // namespace weir::app
