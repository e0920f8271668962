#include "sim/degraded_play.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/sha.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace weir::test {

using config::FallbackKind;
using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

namespace {

constexpr base::Duration kCallMost = 2500ms;
constexpr base::Duration kLagMost = 20ms;  // of a server in fine weather
constexpr int kSteps = 18;
constexpr int kRounds = 8;                        // of traffic within twice the longest recovery
constexpr base::Duration kOpeningLasts = 10s;     // of a session that was being opened as the weather ended
constexpr base::Duration kCatalogRecovers = 24s;  // of a server that was built anew in bad weather
constexpr std::string_view kTools[] = {"page", "peek", "write"};

std::string tool_list() {
  std::string list;
  for (auto const name : kTools) {
    list.append(list.empty() ? "" : ",").append(R"({"name":")").append(name);
    list.append(R"(","inputSchema":{"type":"object"}})");
  }
  return list;
}

// Events of all plays, in memory.
class EventLog {
 public:
  EventLog()
      : fd_(::memfd_create("events", MFD_CLOEXEC)),
        log_(options(), clock_, [](std::string_view text) { return std::string(text); }) {}
  observe::Log& log() noexcept { return log_; }
  int count(std::string_view event) {  // since the last time
    log_.flush();
    auto const size = static_cast<std::size_t>(::lseek(fd_, 0, SEEK_END));
    std::string text(size, '\0');
    auto const got = ::pread(fd_, text.data(), size, 0);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (::ftruncate(fd_, 0) == 0) ::lseek(fd_, 0, SEEK_SET);
    int found = 0;
    for (auto at = text.find(event); at != std::string::npos; at = text.find(event, at + 1)) ++found;
    return found;
  }

 private:
  observe::Log::Options options() const {
    observe::Log::Options made;
    made.fd = fd_;
    made.fold_for = {};
    return made;
  }
  base::SystemClock clock_;
  int fd_;
  observe::Log log_;
};

EventLog& events() {
  static EventLog log;
  return log;
}

config::ApiKey key_of(std::string const& name) {
  config::ApiKey made;
  made.name = name;
  std::string const key = "key-of-" + name;
  ::SHA256(reinterpret_cast<unsigned char const*>(key.data()), key.size(), made.sha256.data());
  return made;
}

}  // namespace

DegradedPlay::DegradedPlay(std::uint64_t seed, Flaw flaw)
    : world_owner_(std::make_unique<World>(seed)),
      world_(*world_owner_),
      dice_(seed * 6007 + 3),
      witness_(world_.loop, world_.metrics()),
      flaw_(std::move(flaw)),
      backup_(std::make_shared<fallback::MemoryBackup>()),
      standard_(std::make_shared<fallback::MemoryBackup>()),
      tasks_(std::in_place, world_.loop) {
  add_http("docs", Speaks::modern);
  add_http("wiki", Speaks::legacy);
  if (chance(50)) add_http("mirror", Speaks::both);
  if (chance(50)) add_program();
  draw_settings();
  for (auto const& actor : actors_) draw_terms(actor);
  world_.log = &events().log();
  world_.refit = [this](app::Stage stage, std::string const& server, std::shared_ptr<core::Handler> inner,
                        std::shared_ptr<core::Handler> built) {
    return refit(stage, server, std::move(inner), std::move(built));
  };
  world_.standby = [this](config::Degradation const& of, base::Scheduler& here) { return standby(of, here); };
  world_.start();
  add_callers();
  world_.advance(0s);
}

DegradedPlay::~DegradedPlay() {
  tasks_.reset();
  world_owner_.reset();
}

void DegradedPlay::add_http(std::string const& name, Speaks speaks) {
  auto& server = world_.http(name, speaks);
  server.canned_tool = tool_list();
  server.lag = ms(1, 20);
  server.drip_pause = ms(50, 400);
  server.words = [this, name](std::string const& tool, std::string const& key) {
    return witness_.executed(name, tool, key);
  };
  actors_.push_back({name, &server, {}, server.lag, true});
}

void DegradedPlay::add_program() {
  auto& server = world_.stdio("program", chance(50) ? Handshake::modern : Handshake::legacy);
  server.stdio.restart_max = milliseconds{1000};
  world_.spawner.on_request = [this](FakeProgram& program, mcp::Message const& request) {
    serve_program(program, request);
  };
  actors_.push_back({"program", nullptr, {}, ms(1, 20), true});
}

void DegradedPlay::draw_settings() {
  auto& settings = world_.settings;
  settings.log.access = false;
  settings.limits.in_flight = in_flight_most_ = 8 + static_cast<unsigned>(dice_.below(24));
  settings.listeners.front().auth = {"keys"};
  settings.keys = {key_of("alice"), key_of("bob")};
  auto& caching = settings.caching;
  caching.configured = true;
  caching.memory.ttl = std::chrono::hours{1};
  caching.by_principal = chance(50);
  backup_->delay = ms(0, 10);
  for (auto const* const file : {"page/q1.md", "peek/p.md"})
    backup_->put(file, std::string(kBackupText), world_.loop.clock().wall() - std::chrono::hours{5});
  for (auto const* const file : {"page.md", "peek.md"})
    standard_->put(file, std::string(kStandardText), world_.loop.clock().wall() - std::chrono::hours{50});
}

void DegradedPlay::draw_terms(Actor const& actor) {
  auto& settings = world_.settings;
  auto& server = server_settings(actor.name);
  server.timeouts.call = duration_cast<milliseconds>(ms(600, 2500));
  config::Degradation of;
  of.server = actor.name;
  of.breaker.failure_threshold = 2 + static_cast<unsigned>(dice_.below(4));
  of.breaker.recovery = duration_cast<milliseconds>(ms(200, 1000));
  of.breaker.success_threshold = 1 + static_cast<unsigned>(dice_.below(2));
  of.breaker.probes = 1 + static_cast<unsigned>(dice_.below(2));
  of.breaker.min_calls = chance(40) ? 4 + static_cast<unsigned>(dice_.below(4)) : 1000;
  of.breaker.window = duration_cast<milliseconds>(ms(2000, 10'000));
  of.retry.attempts = static_cast<unsigned>(dice_.below(3));
  if (chance(40)) of.retry.attempt_timeout = duration_cast<milliseconds>(ms(200, 700));
  of.retry.idempotent = {"peek"};
  if (chance(40)) {
    of.concurrency.limit = 1 + static_cast<unsigned>(dice_.below(4));
    of.concurrency.queue = static_cast<unsigned>(dice_.below(6));
    of.concurrency.queue_timeout = duration_cast<milliseconds>(ms(50, 500));
  }
  ServerTerms terms;
  draw_chain(of, terms);
  auto const ttl = duration_cast<milliseconds>(ms(300, 3000));
  auto const age_most = duration_cast<milliseconds>(ttl * 3 / 2 + ms(0, 20'000));
  config::CacheToolRule rule;
  rule.pattern = actor.name + ".page";
  rule.ttl = ttl;
  settings.caching.tools.push_back(rule);
  settings.caching.stale.push_back({actor.name, age_most});
  settings.caching.updates.push_back({actor.name, {"write"}});
  terms.fresh =
      base::Duration(ttl) * 12 / 10;  // drawn a tenth longer at most, and another tenth while renewed
  terms.kept = std::min<base::Duration>(ttl * 24, age_most);
  terms.call = server.timeouts.call;
  terms.starts = actor.http == nullptr;
  terms.of = of;
  settings.degradation.push_back(of);
  witness_.terms(actor.name, std::move(terms));
}

void DegradedPlay::draw_chain(config::Degradation& of, ServerTerms& terms) {
  using Kinds = std::vector<FallbackKind>;
  of.fallback = {};
  of.stale_ok = false;
  bool const mirrored = actors_.size() > 2 && actors_[2].http != nullptr && of.server == "docs";
  terms.other = mirrored ? "mirror" : of.server == "docs" ? "wiki" : "docs";
  auto const chain = [&](Kinds const& kinds) {
    of.fallback.explicit_chain = true;
    for (auto const kind : kinds)
      of.fallback.chain.push_back({kind, kind == FallbackKind::server ? terms.other : "", "",
                                   kind == FallbackKind::message ? std::string(kMessageText) : ""});
    terms.on_timeout = terms.on_failure = kinds;
  };
  terms.on_timeout = terms.on_failure = {};
  switch (dice_.below(7)) {
    case 0: return;
    case 1:
      of.fallback.on_timeout = FallbackKind::any_copy;
      terms.on_timeout = {FallbackKind::any_copy};
      return;
    case 2:
      of.stale_ok = true;
      of.fallback.on_timeout = FallbackKind::any_copy;
      of.fallback.on_error = FallbackKind::skip;
      terms.on_timeout = terms.on_failure = {FallbackKind::any_copy};
      return;
    case 3:
      of.fallback.on_timeout = of.fallback.on_error = FallbackKind::standard;
      terms.on_timeout = terms.on_failure = {FallbackKind::standard};
      return;
    case 4:
      return chain(
          {FallbackKind::stale_copy, FallbackKind::server, FallbackKind::backup, FallbackKind::standard});
    case 5: return chain({FallbackKind::server, FallbackKind::message});
    default: return chain({FallbackKind::backup, FallbackKind::message});
  }
}

void DegradedPlay::add_callers() {
  auto const count = 3 + dice_.below(3);
  for (std::size_t i = 0; i < count; ++i) {
    std::string const who = i / 2 % 2 == 0 ? "alice" : "bob";
    auto& client = world_.client(i % 2 == 0 ? Era::modern : Era::legacy);
    client.own_fields = "Authorization: Bearer key-of-" + who + "\r\n";
    client.ask_progress = false;
    if (client.era() == Era::legacy) client.initialize();
    callers_.push_back({&client, "key:" + who});
  }
}

std::shared_ptr<core::Handler> DegradedPlay::refit(app::Stage stage, std::string const& server,
                                                   std::shared_ptr<core::Handler> inner,
                                                   std::shared_ptr<core::Handler> built) {
  if (stage == app::Stage::deadline) close(server);
  std::shared_ptr<core::Handler> stands = built;
  if (flaw_) {
    FlawPlace const place{stage,
                          server,
                          std::move(inner),
                          built,
                          world_.loop,
                          world_.metrics(),
                          events().log(),
                          degradation(server),
                          when_closed_[server]};
    if (auto flawed = flaw_(place)) stands = std::move(flawed);
  }
  return witness_.tap(stage, server, std::move(stands));
}

std::shared_ptr<fallback::LocalAnswers> DegradedPlay::standby(config::Degradation const& of,
                                                              base::Scheduler& here) {
  return std::make_shared<fallback::ServerAnswers>(here, of.server, backup_, standard_);
}

config::Server& DegradedPlay::server_settings(std::string const& name) {
  auto& all = world_.settings.servers;
  return *std::find_if(all.begin(), all.end(), [&](auto const& one) { return one.name == name; });
}

config::Degradation& DegradedPlay::degradation(std::string const& name) {
  auto& all = world_.settings.degradation;
  return *std::find_if(all.begin(), all.end(), [&](auto const& one) { return one.server == name; });
}

void DegradedPlay::run() {
  for (int i = 0; i < kSteps; ++i) {
    step();
    world_.advance(ms(0, 120));
    look();
  }
  recover();
  finish();
}

void DegradedPlay::look() {
  witness_.step();
  if (world_.gate().inside() > in_flight_most_) witness_.breach(2, "more calls than the gateway takes");
  for (std::size_t i = judged_; i < issued_.size(); ++i) witness_.look(issued_[i]);
  while (judged_ < issued_.size() && issued_[judged_].judged) ++judged_;
}

void DegradedPlay::recover() {
  for (auto& actor : actors_) calm(actor);
  for (auto const& actor : actors_) server_settings(actor.name).disabled = false;
  apply_settings();
  base::Duration longest = built_anew_ ? kCatalogRecovers : kOpeningLasts;
  for (auto const& of : world_.settings.degradation)
    longest = std::max<base::Duration>(longest, base::Duration(of.breaker.recovery) * 8 * 6 / 5);
  world_.advance(kCallMost);  // what began in bad weather ends
  look();
  for (int i = 0; i < kRounds; ++i) {
    for (auto const& actor : actors_) {
      if (world_.metrics().server(actor.name).breaker_state.value() == 0) continue;
      call(any_caller(), actor, "peek", "r" + std::to_string(++keys_));
      world_.advance(kLagMost);  // it may take one call only
      if (actor.http != nullptr) call(any_caller(), actor, "read", "");
      world_.advance(kLagMost);
    }
    world_.advance(longest * 2 / kRounds - kLagMost * 2 * static_cast<int>(actors_.size()));
    look();
  }
  check_recovery();
}

void DegradedPlay::check_recovery() {
  auto const begun = issued_.size();
  for (auto const& actor : actors_) {
    auto const& shown = world_.metrics().server(actor.name);
    if (shown.breaker_state.value() != 0)
      witness_.breach(8, "a breaker of " + actor.name + " is not closed again");
    if (shown.queue_depth.value() != 0) witness_.breach(8, "calls still wait for " + actor.name);
    if (witness_.in_flight(actor.name) != 0) witness_.breach(8, "calls are still at " + actor.name);
    call(any_caller(), actor, "page", "new" + std::to_string(++keys_));
  }
  world_.advance(100ms);
  look();
  for (auto i = begun; i < issued_.size(); ++i) {
    auto const text = issued_[i].reply->final();
    if (text.find(issued_[i].key + "} #") == std::string::npos ||
        text.find("dev.weir/degraded") != std::string::npos)
      witness_.breach(8, issued_[i].server + " serves no new pages again: " + text);
  }
}

void DegradedPlay::finish() {
  for (auto& caller : callers_) {
    if (caller.client->era() == Era::legacy) caller.client->end_session();
  }
  world_.advance(1s);
  if (auto const left = world_.leftovers(); !left.empty()) witness_.breach(6, "left: " + left);
  look();
  if (judged_ < issued_.size()) witness_.breach(1, "calls without an end");
  if (world_.sessions().size() > 0) witness_.breach(6, "sessions are left");
  int const told = events().count(R"("event":"breaker.)");
  if (told != witness_.moves())
    witness_.breach(5, fmt::format("breakers moved {} times, told of {}", witness_.moves(), told));
}

std::string play_degraded(std::uint64_t seed, Flaw const& flaw, std::uint64_t* trace,
                          DegradedWitness::Sum* sum) {
  std::string said;
  events().count("of those before");
  DegradedPlay play(seed, flaw);
  play.run();
  for (auto const& breach : play.witness().breaches()) said += breach + "\n";
  if (trace != nullptr) *trace = play.witness().trace();
  if (sum != nullptr) {
    auto const& more = play.witness().sum();
    sum->answers += more.answers;
    sum->results += more.results;
    sum->stand_ins += more.stand_ins;
    sum->moves += static_cast<std::uint64_t>(play.witness().moves());
  }
  return said;
}

}  // namespace weir::test
