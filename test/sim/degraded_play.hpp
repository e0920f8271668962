// DegradedPlay: one story of servers that fail and callers that are to notice little of it, drawn from a
// seed.
//
// Test code. Two to four servers of both eras, one of them perhaps a child process; three to five clients of
// both eras and two principals; breakers, retries, limits, chains and lifetimes as drawn. While calls come,
// each server has weather of its own; the operator reloads, the machine's clock steps, children are
// restarted. Then the weather ends, and everything has to come right again. DegradedWitness watches. The
// pipeline may have a flaw planted in it: a layer that is put in place of a real one, and that the witness
// has to find out.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fallback/memory_backup.hpp"
#include "sim/degraded_witness.hpp"
#include "support/world.hpp"

namespace weir::test {

// Where a flaw may be planted, and with what.
struct FlawPlace {
  app::Stage stage;
  std::string const& server;
  std::shared_ptr<core::Handler> inner, built;
  base::Scheduler& scheduler;
  observe::Metrics& metrics;
  observe::Log& log;
  config::Degradation const& of;                    // as it is now
  std::vector<std::function<void()>>& when_closed;  // called when a reload ends the server or builds it anew
};
// What stands there instead; null: what was built.
using Flaw = std::function<std::shared_ptr<core::Handler>(FlawPlace const&)>;

class DegradedPlay {
 public:
  explicit DegradedPlay(std::uint64_t seed, Flaw flaw = {});
  ~DegradedPlay();

  void run();
  DegradedWitness& witness() noexcept { return witness_; }

 private:
  struct Actor {
    std::string name;
    FakeServer* http = nullptr;  // null: child processes
    std::string mood;            // of the children
    base::Duration lag{};
    bool fine = true;
  };
  struct Caller {
    FakeClient* client;
    std::string principal;
    int ids = 0;
  };

  void add_http(std::string const& name, FakeServer::Speaks speaks);
  void add_program();
  void draw_settings();
  void draw_terms(Actor const& actor);
  void draw_chain(config::Degradation& of, ServerTerms& terms);
  void add_callers();
  std::shared_ptr<core::Handler> refit(app::Stage stage, std::string const& server,
                                       std::shared_ptr<core::Handler> inner,
                                       std::shared_ptr<core::Handler> built);
  std::shared_ptr<fallback::LocalAnswers> standby(config::Degradation const& of, base::Scheduler& here);

  void step();
  void call(Caller& caller, Actor const& actor, std::string const& tool, std::string const& key);
  void any_call();
  void crowd();
  void leave();
  void reload();
  void apply_settings();
  void change_weather(Actor& actor);
  void calm(Actor& actor);
  void program_weather(Actor& actor);
  void end_children();
  void close(std::string const& server);
  void serve_program(FakeProgram& program, mcp::Message const& request);
  base::Task<void> answer_later(FakeProgram& program, std::string text, base::Duration after);
  void look();
  void recover();
  void check_recovery();
  void finish();

  bool chance(unsigned percent) { return dice_.below(100) < percent; }
  base::Duration ms(unsigned least, unsigned most) {
    return std::chrono::milliseconds{least + dice_.below(most - least + 1)};
  }
  std::string any_key() { return "q" + std::to_string(1 + dice_.below(2)); }
  Caller& any_caller() { return callers_[dice_.below(callers_.size())]; }
  Actor& any_actor() { return actors_[dice_.below(actors_.size())]; }
  config::Server& server_settings(std::string const& name);
  config::Degradation& degradation(std::string const& name);

  std::unique_ptr<World> world_owner_;  // goes before the witness: its calls report to that until they end
  World& world_;
  base::SeededRandom dice_;
  DegradedWitness witness_;
  Flaw flaw_;
  std::vector<Actor> actors_;
  std::vector<Caller> callers_;
  std::map<std::string, std::vector<std::function<void()>>> when_closed_;
  std::deque<Issued> issued_;
  std::size_t judged_ = 0;  // of them, from the front
  std::shared_ptr<fallback::MemoryBackup> backup_, standard_;
  std::optional<base::TaskGroup> tasks_;
  int keys_ = 0;
  unsigned in_flight_most_ = 0;
  bool built_anew_ = false;  // a server, perhaps in bad weather
};

// Runs one play with all its checks, and says what was wrong with it, a line each; "" for nothing.
std::string play_degraded(std::uint64_t seed, Flaw const& flaw = {}, std::uint64_t* trace = nullptr,
                          DegradedWitness::Sum* sum = nullptr);

}  // namespace weir::test
