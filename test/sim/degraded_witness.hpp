// DegradedWitness: watches one play of the pipeline and says what of it may not be.
//
// Test code. Stands at the seams of every server's layers (tap()), is told what servers executed and what
// clients were answered, and compares that with what was promised. It knows the terms that the play set, and
// nothing of the layers' insides. The rules that it checks, by the number under which a breach is reported:
//   1 one answer at most for each call, none once its cancelling was acknowledged; all by their deadlines
//   2 bounds of the process and of each server hold; what is in flight is what has begun and not ended
//   3 nobody gets what was fetched for somebody else, nor what is older than allowed or than an update he
//   knows 5 breakers (breaker_oracle.hpp); each move is one count and one event, and the gauge shows the
//   worst 6 in the end nothing is left 7 what changes something is executed once at most 8 once servers work
//   again, so does everything, within twice the longest recovery 9 what stands in for an answer says so;
//   where the terms promise something, it is given; nothing stands in for
//     a refusal, and nothing is made up
// Every event goes into trace(): the same seed gives the same trace. With WEIR_TELL in the environment it is
// also printed. One thread.
#pragma once

#include <array>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/refit.hpp"
#include "base/scheduler.hpp"
#include "config/degradation_settings.hpp"
#include "observe/metrics.hpp"
#include "resilience/server_breakers.hpp"
#include "sim/breaker_oracle.hpp"
#include "support/fake_client.hpp"

namespace weir::test {

inline constexpr std::string_view kQuestion = "please tell me about";  // in the arguments of every call
inline constexpr std::string_view kBackupText = "what stood in the backup";
inline constexpr std::string_view kStandardText = "what always holds";
inline constexpr base::Duration kTick = std::chrono::milliseconds{1};        // timers go off at whole ones
inline constexpr base::Duration kFileGrace = std::chrono::milliseconds{25};  // beyond a deadline, for a disk
inline constexpr std::string_view kMessageText = "ask the people upstairs";

struct ServerTerms {
  config::Degradation of;
  std::vector<config::FallbackKind> on_timeout, on_failure;  // what is tried, in order
  std::string other;                                         // of kind `server`
  base::Duration call{};                                     // what a call may take
  bool starts = false;             // a child process: time that it takes to start is not counted
  base::Duration fresh{}, kept{};  // of copies
};

struct Issued {
  FakeClient* client = nullptr;
  FakeClient::Replied reply;
  std::string id, principal, server, tool, key;
  base::Duration within{};  // its deadline
  bool prompt = false;  // its server is known to the catalogue and not to be started: nobody waits for that
  base::TimePoint least_new{};  // no copy from before that: an update that ended before this call was sent
  bool left = false;            // the client hung up or cancelled
  FakeClient::Replied cancel;   // legacy
  bool silenced = false;        // its cancelling was acknowledged
  bool judged = false;
};

class DegradedWitness {
 public:
  DegradedWitness(base::Scheduler& scheduler, observe::Metrics& metrics)
      : scheduler_(scheduler), metrics_(metrics) {}

  // Before the server is built, and before a reload that changes what it may do.
  void terms(std::string const& server, ServerTerms terms);
  ServerTerms const& terms(std::string const& server) const { return terms_.at(server); }
  // What stands at `stage` in place of `layer`. Stages are built inside out.
  std::shared_ptr<core::Handler> tap(app::Stage stage, std::string const& server,
                                     std::shared_ptr<core::Handler> layer);
  void closed(std::string const& server);  // a reload has ended it

  // A server begins a call; returns the text that its result will have.
  std::string executed(std::string const& server, std::string const& tool, std::string const& key);
  void issued(Issued& call);
  void look(Issued& call);  // after each step until it is judged
  void step();              // after each step: bounds, breakers, counts

  void breach(int rule, std::string what);
  std::vector<std::string> const& breaches() const noexcept { return breaches_; }
  std::uint64_t trace() const noexcept { return trace_; }
  void note(std::string_view what);  // into the trace
  int moves() const;                 // of all breakers
  int in_flight(std::string const& server) const;

  struct Sum {
    std::uint64_t answers = 0, results = 0, stand_ins = 0, moves = 0;
  };
  Sum const& sum() const noexcept { return sum_; }

 private:
  using Answer = base::Result<core::Outcome>;
  struct Incarnation {  // a server as it was built once
    std::string server;
    std::vector<BreakerOracle> lines;  // one for each class
    base::Duration call{};             // what a call may take
    bool current = true;
    int in_flight = 0;
  };
  struct ServerBook {
    std::vector<std::shared_ptr<Incarnation>> incarnations;
    int stand_ins = 0;
    bool known = false;              // as it is now, to the catalogue
    int writing = 0;                 // updates under way
    base::TimePoint newest_write{};  // executed, and its client has the answer
  };
  struct Execution {
    std::string server, tool, key, owner;
    base::TimePoint at;
    std::optional<base::TimePoint> fetched;
  };
  struct Visit {  // of a call at a server's door
    std::string server;
    std::optional<base::Error> failure;
    bool reached = false;
    bool copy = false;  // there was one as it failed
  };
  class Tap;
  class Place;
  class Probe;

  base::Task<Answer> at_door(core::Call& call, std::shared_ptr<Incarnation> of, core::Handler& layer);
  base::Task<Answer> at_cache(core::Call& call, std::string const& server, core::Handler& layer);
  base::Task<Answer> before_breaker(core::Call& call, Incarnation& of, core::Handler& layer);
  base::Task<Answer> behind_breaker(core::Call& call, std::shared_ptr<Incarnation> of, core::Handler& layer);
  base::Task<Answer> at_place(core::Call& call, std::shared_ptr<Incarnation> of, core::Handler& layer);

  void left_door(core::Call const& call, Visit const& visit, ServerTerms const& terms, Answer const& answer);
  void expect_stand_in(core::Call const& call, Visit const& visit, ServerTerms const& terms,
                       Answer const& answer);
  void remember_copy(core::Call const& call, std::string const& server, std::string const& text);
  void judge(Issued& call);
  void judge_result(Issued const& call, std::string const& text, Execution const* execution);
  void judge_plain(Issued const& call, std::string const& text, Execution const* execution);
  void judge_stand_in(Issued const& call, std::string const& source, std::string const& text,
                      Execution const* execution);
  void check_breakers(std::string const& server, ServerBook const& book);
  Execution* execution_in(std::string_view text);

  base::Scheduler& scheduler_;
  observe::Metrics& metrics_;
  std::map<std::string, ServerTerms> terms_;
  std::map<std::string, ServerBook> servers_;
  std::deque<Execution> executions_;
  std::map<std::string, int> writes_;  // executions by key
  std::map<core::Call const*, Visit> visits_;
  std::map<std::string, base::TimePoint> copies_;  // fetched; by whose and of what
  std::vector<std::string> breaches_;
  std::uint64_t trace_ = 0;
  base::TimePoint const begun_ = scheduler_.now();
  bool const tell_ = std::getenv("WEIR_TELL") != nullptr;
  Sum sum_;
};

}  // namespace weir::test
