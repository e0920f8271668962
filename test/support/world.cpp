#include "support/world.hpp"

#include <fcntl.h>

#include "app/cache_options.hpp"
#include "app/server_options.hpp"
#include "base/run_until.hpp"

namespace weir::test {

namespace {

// The log has a thread of its own; one for all worlds, writing nowhere.
observe::Log& silent_log() {
  static base::SystemClock const clock;
  static observe::Log log = [] {
    observe::Log::Options options;
    options.fd = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    return observe::Log(options, clock, [](std::string_view text) { return std::string(text); });
  }();
  return log;
}

Trial* untripped(Trial* trial) { return trial != nullptr && trial->tripped() ? nullptr : trial; }

base::Error refused() {
  return base::Error(base::Fault::connect_failed, base::Blame::upstream, "connection refused",
                     base::Retry::always);
}

}  // namespace

bool long_run() {
  char const* const tier = std::getenv("WEIR_TEST_TIER");
  return tier != nullptr && std::string_view(tier) == "long";
}

base::Task<base::Result<std::unique_ptr<net::Stream>>> FakeDialer::dial(net::Endpoint const& to,
                                                                        base::TimePoint) {
  auto const found = servers_.find(to.host);
  bool const there = found != servers_.end() && found->second->alive;
  if (!there || to.tls) co_return refused();  // they speak no TLS
  auto ends = make_fault_pipe(scheduler_, pipe_bytes, tally, untripped(trial));
  found->second->serve(std::move(ends.second));
  co_return std::move(ends.first);
}

World::World(std::uint64_t seed) : random(seed) {
  settings.drain = 10s;
  observe::Metrics::Options options;
  for (auto const revision : mcp::kRevisions) options.protocol_versions.emplace_back(mcp::text_of(revision));
  metrics_ = std::make_unique<observe::Metrics>(options);
  spawner.on_request = [this](FakeProgram& program, mcp::Message const& request) {
    answer_stdio(program, request);
  };
}

World::~World() {
  clients_.clear();
  reaper_.reset();
  worker_.reset();
}

FakeServer& World::http(std::string const& name, FakeServer::Speaks speaks) {
  config::Server server;
  server.name = name;
  server.urls = {"http://" + name + ".test/mcp"};
  settings.servers.push_back(std::move(server));
  auto& place = servers[name + ".test"];
  place = std::make_unique<FakeServer>(loop, name, speaks, &ledger);
  return *place;
}

config::Server& World::stdio(std::string const& name, Handshake handshake) {
  config::Server server;
  server.name = name;
  server.kind = config::UpstreamKind::stdio;
  server.command = name;
  settings.servers.push_back(std::move(server));
  spawner.handshake = handshake;
  return settings.servers.back();
}

void World::answer_stdio(FakeProgram& program, mcp::Message const& request) {
  std::string const id(request.raw(mcp::Field::id));
  if (request.method() == mcp::Method::tools_list) {
    program.answer(id, R"({"resultType":"complete","ttlMs":0,"cacheScope":"public","tools":[)"
                       R"({"name":"echo","inputSchema":{"type":"object"}},)"
                       R"({"name":"hang","inputSchema":{"type":"object"}}]})");
    return;
  }
  std::string scratch;
  if (request.method() != mcp::Method::tools_call) return;
  std::string const key = member_of(request.raw(mcp::Field::arguments), "key");
  ledger.executed(key);
  if (request.text(mcp::Field::name, scratch) == "hang") return;
  program.answer(id, R"({"resultType":"complete","content":[{"type":"text","text":"{)" + key +
                         R"(} from a program"}]})");
}

void World::start() {
  sessions_ = std::make_unique<session::SessionTable>(
      app::table_options(settings.sessions), random,
      [this](std::string const& id, base::TableReason) {
        loop.post([this, id] { worker_->session_ended(id); });
      },
      metrics_->gateway());
  sessions_->set_stream_limits(app::stream_limits(settings.streams));
  calls_ = std::make_unique<base::Gate>(settings.limits.in_flight);
  parked_ = std::make_unique<bridge::ParkedCalls>(app::parked_options(), random);
  cursors_ = std::make_unique<router::CursorSealer>(random);
  cache_ = std::make_unique<cache::ResponseCache>(
      app::cache_options(settings.caching),
      std::make_shared<cache::AnswerKeys const>(cache::AnswerKeys::Key{1}), loop.clock(), random.next(),
      store, *metrics_);
  entrance_ = std::make_unique<limits::Entrance>(settings.rates, settings.shedding, random.next(),
                                                 metrics_->gateway());
  shared_ = std::make_unique<app::SharedParts>(
      app::SharedParts{loop.clock(), random, log != nullptr ? *log : silent_log(), *metrics_, *sessions_,
                       *cache_, *entrance_, *calls_, connections_, listens_, watches_, *parked_, *cursors_,
                       environment_, R"({"name":"weir","version":"0"})", standby});
  shared_->refit = refit;
  worker_ = std::make_unique<app::Worker>(*shared_, app::WorkerIo{loop, dialer, spawner},
                                          std::make_shared<config::Settings const>(settings));
  planner_.emplace(std::vector{worker_->place()});
  reload();
  reaper_ = std::make_unique<session::ReaperLoop>(loop, *sessions_, settings.sessions.sweep);
  reaper_->start();
  loop.advance(1s);
}

void World::reload() {
  auto const now_valid = std::make_shared<config::Settings const>(settings);
  for (auto const& server : settings.servers) metrics_->server(server.name);
  worker_->apply(planner_->next(now_valid, loop.now()));
}

void World::admit(std::unique_ptr<net::Stream> client) {
  auto seat = worker_->reserve();
  if (!seat) return worker_->turn_away(std::move(client));
  worker_->serve(std::move(client), 0, std::move(*seat));
}

base::Task<std::unique_ptr<net::Stream>> World::connect() {
  auto ends = make_fault_pipe(loop, pipe_bytes, front, untripped(trial));
  admit(std::move(ends.first));
  co_return std::move(ends.second);
}

FakeClient& World::client(FakeClient::Era era) {
  return clients_.emplace_back(loop, era, [this] { return connect(); });
}

double World::metric(std::string const& series) {
  std::string const text = "\n" + metrics_->render();
  auto const at = text.find("\n" + series + " ");
  return at == std::string::npos ? 0 : std::atof(text.c_str() + at + series.size() + 2);
}

base::Task<void> World::stop() {
  auto const deadline = loop.now() + settings.drain;
  co_await worker_->finish_calls(deadline);
  co_await worker_->close_servers(deadline);
}

void World::drain() {
  base::TaskGroup stopping(loop);
  stopping.spawn(stop());
  for (int i = 0; i < 1100 && stopping.size() > 0; ++i) loop.advance(10ms);
}

std::string World::leftovers() {
  loop.advance(std::chrono::duration_cast<base::Duration>(net::ServerTimes{}.idle_max) + 5s);
  std::string left;
  auto const check = [&left](char const* what, std::size_t count) {
    if (count > 0) left += std::to_string(count) + " " + what + "; ";
  };
  std::size_t requests = 0, working = 0;
  for (auto const& client : clients_) requests += client.pending();
  for (auto const& [name, server] : servers) working += server->working;
  check("requests of clients", requests);
  check("calls at servers", working);
  check("calls in the gate", calls_->inside());
  check("requests in the endpoint", worker_->endpoint().in_progress());
  check("client connections", front.near_ends);
  check("tasks of client connections", worker_->connections());
  check("server connections", dialer.tally.near_ends);
  for (auto const& [name, server] : servers) {
    if (left.empty() || server->connections() == 0) continue;
    left += name + " has " + std::to_string(server->connections()) + " and saw";
    for (auto const& [method, count] : server->seen) left += " " + method + "=" + std::to_string(count);
    left += "; ";
  }
  return left;
}

}  // namespace weir::test
