#include "upstream/hop_backend.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/virtual_loop.hpp"
#include "core/outcome.hpp"
#include "net/io_loop.hpp"
#include "support/call_of.hpp"
#include "upstream/hop_call_io.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;

constexpr char kRequest[] =
    R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"t","arguments":{}}})";

// Sends `notes` notifications, then waits for `finish`, then answers with what the call asked for.
class Talker final : public core::Backend {
 public:
  explicit Talker(base::Scheduler& loop) : finish(loop) {}
  std::string_view name() const noexcept override { return "far"; }
  base::Task<base::Result<core::ServerIdentity>> open() override {
    core::ServerIdentity identity;
    identity.instructions = "far away";
    co_return identity;
  }
  base::Task<base::Result<mcp::Message>> ask(mcp::Method, std::string params) override {
    co_return test::message_of(R"({"jsonrpc":"2.0","id":1,"result":{"asked":)" + params + "}}");
  }
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
    struct Inside {
      std::atomic<int>& count;
      explicit Inside(std::atomic<int>& c) : count(c) { ++count; }
      ~Inside() { --count; }
    } const mark(inside);
    call.facts.upstream += 3ms;
    if (curious) {
      auto const said = co_await call.client->ask("roots/list", R"({"a":1})");
      due = call.deadline;
      answer = said ? said->bytes() : base::name_of(said.error().fault);
    }
    for (int i = 0; i < notes; ++i) {
      if (!co_await call.client->notify(std::string(note_bytes, 'n') + std::to_string(i))) ++unheard;
      ++sent;
    }
    if (!finish.is_set()) co_await finish.wait();
    co_return core::from_result(R"({"name":")" + call.target + R"(","by":")" + call.principal->id + R"("})");
  }
  core::ServerStatus status() const override {
    core::ServerStatus status;
    status.state = core::ServerState::ready;
    return status;
  }
  base::Task<void> close(base::TimePoint) override { co_return; }

  base::Event finish;
  bool curious = false;  // asks the client first
  std::string answer;
  base::TimePoint due;  // of the call, once the client has answered
  int notes = 0;
  std::size_t note_bytes = 0;
  int sent = 0;
  int unheard = 0;
  std::atomic<int> inside{0};
};

struct Deaf final : core::ClientSink {
  int heard = 0;
  base::Task<bool> notify(std::string) override {
    ++heard;
    co_return false;
  }
};

// Is asked something, and answers when it is told to.
struct Person final : core::ClientSink {
  explicit Person(base::Scheduler& loop) : speaks(loop) {}
  base::Event speaks;
  std::string asked;
  bool withdrawn = false;
  base::Task<bool> notify(std::string) override { co_return true; }
  base::Task<base::Result<mcp::Message>> ask(std::string method, std::string params) override {
    struct Withdrawn {
      bool& flag;
      ~Withdrawn() { flag = true; }
    } const mark{withdrawn};
    asked = method + " " + params;
    co_await speaks.wait();
    co_return test::message_of(R"({"jsonrpc":"2.0","id":"x","result":{"roots":[]}})");
  }
};

struct HopTest : testing::Test {
  base::VirtualLoop here;
  base::VirtualLoop there;
  std::shared_ptr<base::Workplace> place = std::make_shared<base::Workplace>(there);
  std::shared_ptr<ServerHome> home = std::make_shared<ServerHome>(1, place);
  std::shared_ptr<Talker> talker = std::make_shared<Talker>(there);
  HopBackend hop{here, "far", "stdio", home};
  core::Principal who{"key:ci", "key", {}};
  test::CollectingSink sink{here};
  std::unique_ptr<core::Call> call = make(sink);
  std::optional<base::Result<core::Outcome>> outcome;
  base::TaskGroup tasks{here};

  HopTest() { home->move_in(talker, talker); }
  ~HopTest() override { place->close(); }
  std::unique_ptr<core::Call> make(core::ClientSink& client) {
    auto made = test::call_of(kRequest, mcp::kNewest, &client);
    made->principal = &who;
    made->target = "t";
    return made;
  }
  static base::Task<void> store(core::Backend& b, core::Call& c,
                                std::optional<base::Result<core::Outcome>>& into) {
    into = co_await b.handle(c);
  }
  void start() { tasks.spawn(store(hop, *call, outcome)); }
  void both() {
    for (int i = 0; i < 40; ++i) {
      there.run();
      here.run();
    }
  }
  std::string answer() const {
    if (!outcome) return "waiting";
    if (!*outcome) return base::name_of(outcome->error().fault);
    std::string text;
    (*outcome)->edits.append_to(text);
    return text;
  }
};

TEST_F(HopTest, ACallGoesThereAndItsAnswerComesBack) {
  talker->finish.set();
  start();
  both();
  EXPECT_EQ(answer(), R"({"jsonrpc":"2.0","id":0,"result":{"name":"t","by":"key:ci"}})");
  EXPECT_EQ(call->facts.upstream, 3ms);
  EXPECT_EQ(place->size(), 0U);
}

TEST_F(HopTest, NotificationsComeInOrderAndBeforeTheAnswer) {
  talker->notes = 100;
  talker->finish.set();
  start();
  both();
  ASSERT_EQ(sink.seen.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(sink.seen[static_cast<std::size_t>(i)], std::to_string(i));
  EXPECT_NE(answer(), "waiting");
}

TEST_F(HopTest, AClientThatDoesNotReadHoldsUpItsServer) {
  talker->notes = 100;
  talker->finish.set();
  sink.close();
  start();
  both();
  EXPECT_EQ(talker->sent, static_cast<int>(HopCall::kNotesMax));
  sink.open();
  both();
  EXPECT_EQ(talker->sent, 100);
  EXPECT_EQ(sink.seen.size(), 100U);
}

TEST_F(HopTest, LargeNotificationsAreHeldUpByTheirBytesAndOneMayExceedThem) {
  talker->notes = 4;
  talker->note_bytes = HopCall::kNoteBytesMax / 2;
  sink.close();
  start();
  both();
  EXPECT_EQ(talker->sent, 1);  // its number makes two of them more than the limit
  sink.open();
  both();
  EXPECT_EQ(talker->sent, 4);
  talker->note_bytes = HopCall::kNoteBytesMax * 2;
  call = make(sink);
  start();
  both();
  EXPECT_EQ(talker->sent, 8);
}

TEST_F(HopTest, AServerHearsThatNobodyListens) {
  Deaf deaf;
  call = make(deaf);
  talker->notes = 100;
  start();
  both();
  EXPECT_EQ(talker->sent, 100);
  EXPECT_GE(talker->unheard, 100 - static_cast<int>(HopCall::kNotesMax));
  EXPECT_LE(deaf.heard, static_cast<int>(HopCall::kNotesMax));
  tasks.cancel();
  both();
}

TEST_F(HopTest, AServerMayAskTheClient) {
  Person person(here);
  call = make(person);
  auto const due = call->deadline = call->deadline_latest = there.now() + 5s;
  talker->curious = true;
  talker->finish.set();
  start();
  both();
  EXPECT_EQ(person.asked, R"(roots/list {"a":1})");
  EXPECT_EQ(talker->answer, "");
  there.advance(1min);
  person.speaks.set();
  both();
  EXPECT_EQ(talker->answer, R"({"jsonrpc":"2.0","id":"x","result":{"roots":[]}})");
  EXPECT_EQ(talker->due, due + 1min);  // the call's clock stood still
  EXPECT_NE(answer(), "waiting");
  EXPECT_EQ(call->deadline, due + 1min);  // here too: whoever stands outside counts on it
}

TEST_F(HopTest, AQuestionIsWithdrawnWhenTheCallEnds) {
  Person person(here);
  call = make(person);
  talker->curious = true;
  start();
  both();
  EXPECT_FALSE(person.withdrawn);
  place->close();  // the server's side is gone, the client's is not
  both();
  EXPECT_TRUE(person.withdrawn);
  EXPECT_EQ(answer(), "unavailable");
}

TEST_F(HopTest, CancellingTheCallerCancelsTheWork) {
  start();
  both();
  EXPECT_EQ(talker->inside, 1);
  tasks.cancel();
  call.reset();  // nothing there reads it
  both();
  EXPECT_EQ(talker->inside, 0);
  EXPECT_EQ(place->size(), 0U);
}

TEST_F(HopTest, AServerThatMovedOutIsUnavailable) {
  home->move_out();
  start();
  both();
  EXPECT_EQ(answer(), "unavailable");
}

TEST_F(HopTest, ACallOutlivesItsServersRemoval) {
  start();
  both();
  home->move_out();
  std::weak_ptr<Talker> const watched = talker;
  talker->finish.set();
  talker.reset();
  EXPECT_FALSE(watched.expired());
  both();
  EXPECT_TRUE(watched.expired());
  EXPECT_NE(answer(), "waiting");
}

TEST_F(HopTest, AHomeThatEndsEndsItsCalls) {
  start();
  both();
  place->close();
  both();
  EXPECT_EQ(answer(), "unavailable");
}

TEST_F(HopTest, OpeningAndAskingGoThereTooAndBringTheStatus) {
  std::string said;
  tasks.spawn([](HopBackend& far, std::string& into) -> base::Task<void> {
    auto const identity = co_await far.open();
    auto const asked = co_await far.ask(mcp::Method::tools_list, R"("x")");
    into = identity->instructions + " " + std::string(asked->bytes());
  }(hop, said));
  EXPECT_EQ(hop.status().state, core::ServerState::starting);
  both();
  EXPECT_EQ(said, R"(far away {"jsonrpc":"2.0","id":1,"result":{"asked":"x"}})");
  EXPECT_EQ(hop.status().state, core::ServerState::ready);
}

// The same on two real threads: for ThreadSanitizer.
struct Crowd {
  net::IoLoop& loop;
  HopBackend& far;
  core::Principal const& who;
  base::TaskGroup tasks;
  int answered = 0;
  std::size_t notes = 0;

  Crowd(net::IoLoop& l, HopBackend& f, core::Principal const& w) : loop(l), far(f), who(w), tasks(l) {}
  base::Task<void> one(int number) {
    test::CollectingSink sink(loop);
    auto call = test::call_of(kRequest, mcp::kNewest, &sink);
    call->principal = &who;
    call->target = std::to_string(number);
    auto outcome = co_await far.handle(*call);
    std::string text;
    outcome->edits.append_to(text);
    if (text.find("\"name\":\"" + std::to_string(number) + "\"") != std::string::npos) ++answered;
    notes += sink.seen.size();
  }
  base::Task<void> all(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      base::TaskGroup some(loop), dropped(loop);
      for (int i = 0; i < 8; ++i) some.spawn(one(round * 8 + i));
      for (int i = 0; i < 8; ++i) dropped.spawn(one(-1));
      co_await loop.sleep_for(std::chrono::microseconds{50});
      dropped.cancel();
      co_await some.idle();
    }
    loop.stop();
  }
};

TEST(HopOnThreads, NothingIsLostCrossedOrRaced) {
  constexpr int kRounds = 200;
  base::SystemClock const clock;
  net::IoLoop near(clock), distant(clock);
  auto place = std::make_shared<base::Workplace>(distant);
  auto home = std::make_shared<ServerHome>(1, place);
  auto talker = std::make_shared<Talker>(distant);
  talker->notes = 3;
  talker->finish.set();
  home->move_in(talker, talker);
  core::Principal const who{"anonymous", "anonymous", {}};
  HopBackend far(near, "far", "stdio", home);
  Crowd crowd(near, far, who);
  std::thread other([&distant] { distant.run(); });
  crowd.tasks.spawn(crowd.all(kRounds));
  near.run();
  distant.post([&] {
    home->move_out();
    talker.reset();
    place->close();
    distant.stop();
  });
  other.join();
  EXPECT_GE(crowd.answered, kRounds * 8);
  EXPECT_GE(crowd.notes, static_cast<std::size_t>(kRounds) * 8 * 3);
}

}  // namespace
}  // namespace weir::upstream
