#include <fmt/core.h>
#include <gtest/gtest.h>

#include "support/world.hpp"

// Seeded simulation: one seed decides everything that clients, servers and the operator do. The checkers know
// nothing of what was played: every id is answered once, by its own server, no call runs twice, limits hold,
// and in the end nothing is alive (T-40, T-66).
namespace weir::test {
namespace {

using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;

constexpr std::string_view kServers[] = {"both", "modern", "legacy", "gone"};
constexpr unsigned kInFlightMax = 12;

class Play {
 public:
  explicit Play(std::uint64_t seed) : world_(seed), dice_(seed * 7919 + 1) {
    world_.settings.limits.in_flight = kInFlightMax;
    world_.settings.sessions.max = world_.settings.sessions.per_principal = 4;
    world_.pipe_bytes = 512U << dice_.below(8);
    world_.dialer.pipe_bytes = 512U << dice_.below(8);
    world_.http("both", Speaks::both);
    world_.http("modern", Speaks::modern);
    world_.http("legacy", Speaks::legacy);
    world_.http("gone", Speaks::both).alive = false;
    if (dice_.below(2) == 0) world_.stdio("program", Handshake::modern);
    for (int i = 0; i < 6; ++i)
      clients_.push_back({&world_.client(i % 2 == 0 ? Era::modern : Era::legacy), {}, false});
    world_.start();
    for (auto& player : clients_) {
      if (player.client->era() == Era::legacy) player.client->initialize();
    }
    world_.advance(0s);
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
      world_.advance(std::chrono::milliseconds{dice_.below(400)});
      EXPECT_LE(world_.gate().inside(), kInFlightMax);
      EXPECT_LE(world_.sessions().size(), 4U);
    }
    for (auto& [name, server] : world_.servers) {
      server->alive = true;
      server->mute = false;
    }
    for (auto& player : clients_) player.client->read(true);
    world_.advance(3min);  // longer than any deadline and any pause before a server is asked again
  }

  void check() {
    for (auto& player : clients_) {
      for (auto const& sent : player.sent) account(sent);
    }
    auto const sum = world_.ledger.totals();
    EXPECT_TRUE(sum.clean()) << fmt::format(
        "lost {} ({}) duplicated {} crossed {} invented {} executed twice {}", sum.lost,
        world_.ledger.first_lost(), sum.duplicated, sum.crossed, sum.invented, sum.executed_twice);
    EXPECT_EQ(world_.leftovers(), "");
    std::uint64_t working = 0;
    for (auto const& [name, server] : world_.servers) working = std::max(working, server->working_most);
    EXPECT_LE(working,
              kInFlightMax + 2 * clients_.size());  // legacy calls may run on for a moment at the server
    answered += sum.answered;
    results += sum.answered - sum.errors;
  }

  static inline std::uint64_t answered = 0;
  static inline std::uint64_t results = 0;

 private:
  struct Sent {
    std::string key, id, server;
    FakeClient::Replied reply;
    bool left = false;  // hung up or cancelled
    bool held = false;  // its client did not read for a while: Weir may cut it off
  };
  struct Player {
    FakeClient* client;
    std::vector<Sent> sent;
    bool paused = false;
  };

  bool chance(unsigned percent) { return dice_.below(100) < percent; }
  Player& any_player() { return clients_[dice_.below(clients_.size())]; }
  FakeServer& any_server() { return *world_.servers[std::string(kServers[dice_.below(4)]) + ".test"]; }

  void step() {
    auto const what = dice_.below(100);
    if (what < 60) return call(any_player());
    if (what < 70) return leave(any_player());
    if (what < 74) return any_server().close_all();
    if (what < 78) return void(any_server().alive = chance(75));
    if (what < 80) return void(any_server().mute = chance(30));
    if (what < 83) return any_server().forget_sessions();
    if (what < 86) return void(any_server().reset_next = 1);
    if (what < 88) return reload();
    if (what < 91) return pause(any_player(), chance(40));
    if (what < 94 && !world_.spawner.programs.empty()) return world_.spawner.last().exit({.code = 1});
    if (what < 96) return greet(any_player());
    world_.advance(std::chrono::seconds{dice_.below(20)});
  }

  void pause(Player& player, bool on) {
    player.client->read(!on);
    player.paused = on;
    for (auto& sent : player.sent) sent.held = sent.held || (on && !sent.reply->done);
  }

  void call(Player& player) {
    bool const program = chance(10);
    bool const legacy = player.client->era() == Era::legacy;
    std::string const server = program               ? "program"
                               : chance(5)           ? "gone"
                               : chance(40)          ? "both"
                               : legacy != chance(3) ? "legacy"
                                                     : "modern";
    std::string const tool(program      ? (chance(50) ? "echo" : "hang")
                           : chance(80) ? kHonestTools[dice_.below(3)]
                                        : kBadTools[dice_.below(6)]);
    std::string const key = "k" + std::to_string(++count_);
    std::string const id = std::to_string(1 + player.sent.size());  // the same ids at every client
    std::string const arguments = fmt::format(R"({{"key":"{}","n":{},"ms":{},"bytes":{}}})", key,
                                              dice_.below(6), dice_.below(1500), dice_.below(900));
    world_.ledger.issued(key, false);
    auto reply = player.client->call(server + "__" + tool, arguments, id);
    player.sent.push_back({key, id, server, std::move(reply), false, player.paused});
  }

  void leave(Player& player) {
    if (player.sent.empty()) return;
    auto& sent = player.sent[dice_.below(player.sent.size())];
    if (sent.reply->done) return;
    sent.left = true;
    if (player.client->era() == Era::legacy && chance(50)) {
      player.client->cancel(sent.id);
    } else {
      player.client->hang_up(sent.reply);
    }
  }

  void greet(Player& player) {
    if (player.client->era() != Era::legacy) return;
    if (chance(50)) player.client->end_session();
    player.client->initialize();
  }

  void reload() {
    auto& server = world_.settings.servers[dice_.below(world_.settings.servers.size())];
    if (chance(50)) {
      server.disabled = !server.disabled;
    } else {
      server.timeouts.call = std::chrono::milliseconds{1000 + dice_.below(4000)};
    }
    world_.reload();
  }

  void account(Sent const& sent) {
    auto& ledger = world_.ledger;
    bool const may_go_without = sent.left || (sent.held && sent.reply->broken);
    if (!sent.reply->done || (may_go_without && sent.reply->finals.empty())) {
      if (may_go_without) ledger.abandoned(sent.key);
      return;
    }
    for (auto const& text : sent.reply->finals) {
      bool const asked = text.starts_with(R"({"jsonrpc":"2.0",)") && member_of(text, "id") == sent.id;
      bool const foreign =
          text.find('{' + sent.key + '}') == std::string::npos && text.find("{k") != std::string::npos;
      bool const mine = text.find('{' + sent.key + "} from " + (sent.server == "program" ? "a " : "") +
                                  sent.server) != std::string::npos;
      ledger.answered(sent.key, !asked    ? Ledger::Answer::unasked
                                : foreign ? Ledger::Answer::foreign
                                : mine    ? Ledger::Answer::result
                                          : Ledger::Answer::error);
    }
    if (sent.reply->finals.empty()) {
      ADD_FAILURE() << "no answer to " << sent.key << ": " << sent.reply->head.start << " after "
                    << sent.reply->notes.size() << " notes, "
                    << (sent.reply->broken ? "broken off" : "ended");
    }
  }

  World world_;
  base::SeededRandom dice_;
  std::vector<Player> clients_;
  int count_ = 0;
};

TEST(Seeds, WhateverHappensEveryCallIsAnsweredOnceAndNothingIsLeft) {
  std::uint64_t first = 1, last = long_run() ? 20'000 : 200;
  if (char const* const one = std::getenv("WEIR_SEED")) {
    char* rest = nullptr;  // one seed, or FIRST-LAST
    first = last = std::strtoull(one, &rest, 10);
    if (*rest == '-') last = std::strtoull(rest + 1, nullptr, 10);
  }
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    Play play(seed);
    play.run(60);
    play.check();
    if (HasFailure()) {
      fmt::print("seed={} (run it alone with WEIR_SEED={})\n", seed, seed);
      return;
    }
  }
  EXPECT_TRUE(first == last || Play::results * 4 > Play::answered)
      << "too few calls succeed for this to say anything";
  RecordProperty("answered", std::to_string(Play::answered));
  RecordProperty("results", std::to_string(Play::results));
  fmt::print("{} calls answered, {} of them with the tool's result\n", Play::answered, Play::results);
}

}  // namespace
}  // namespace weir::test
