#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/world.hpp"
#include "upstream/http_backend.hpp"

// Servers that are late, die, forget or lie.
namespace weir::test {
namespace {

using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;

// What the connection and the backend do by themselves.
void send_once(World& world, std::string const& server) {
  auto& of = world.settings.degradation.emplace_back();
  of.server = server;
  of.retry.attempts = 0;
}

bool is_error_result(Reply const& reply) {
  return reply.final().find(R"("isError":true)") != std::string::npos;
}

TEST(Failures, ACallEndsAtItsDeadlineOfFiveSeconds) {  // T-05
  World world;
  auto& server = world.http("a", Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  auto const reply = client.call("a__hang", R"({"key":"k"})");
  world.advance(10s);
  ASSERT_TRUE(reply->answered());
  EXPECT_TRUE(is_error_result(*reply)) << reply->final();
  EXPECT_EQ(reply->ended - reply->sent, base::Duration(5s));
  EXPECT_EQ(reply->head.field("server-timing"), "weir;dur=0.00, up;dur=5000.00");  // it was the server's time
  EXPECT_EQ(server.hung_up.size(), 1U);
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Failures, AServerThatDoesNotAcknowledgeTheHandshakeDelaysTheFirstCallOnly) {
  World world;
  auto& server = world.http("a", Speaks::legacy);
  auto& client = world.client(Era::legacy);
  world.start();
  client.initialize();
  world.advance(0s);
  server.mute_notifications = true;
  auto const first = client.call("a__echo", R"({"key":"k1"})");
  world.advance(2s);
  EXPECT_FALSE(is_error_result(*first)) << first->final();
  auto const second = client.call("a__echo", R"({"key":"k2"})");
  world.advance(0s);
  EXPECT_FALSE(is_error_result(*second)) << second->final();
  EXPECT_EQ(server.seen["notifications/initialized"], 2);
}

TEST(Failures, EachProgressGivesACallItsTimeAgain) {
  World world;
  world.http("a", Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  auto const reply = client.call("a__progress", R"({"key":"k","n":5,"ms":4000})");
  world.advance(30s);
  ASSERT_TRUE(reply->answered());
  EXPECT_FALSE(is_error_result(*reply));
  EXPECT_EQ(reply->ended - reply->sent, base::Duration(24s));
  EXPECT_EQ(world.leftovers(), "");
}

class Misbehaviour : public testing::TestWithParam<std::string_view> {};

TEST_P(Misbehaviour, IsAnsweredHonestlyAndNotRepeated) {  // T-03
  World world;
  world.http("a", Speaks::both);
  auto& modern = world.client(Era::modern);
  auto& legacy = world.client(Era::legacy);
  world.start();
  legacy.initialize();
  world.advance(0s);
  std::string const tool = "a__" + std::string(GetParam());
  modern.call("a__echo");  // so that there is a kept connection
  world.advance(0s);
  auto const first = modern.call(tool, R"({"key":"k1"})");
  auto const second = legacy.call(tool, R"({"key":"k2"})");
  world.advance(10s);
  ASSERT_TRUE(first->answered());
  ASSERT_TRUE(second->answered());
  EXPECT_TRUE(is_error_result(*first)) << first->final();
  EXPECT_TRUE(is_error_result(*second)) << second->final();
  EXPECT_EQ(world.ledger.executions("k1"), 1);
  EXPECT_EQ(world.ledger.executions("k2"), 1);
  EXPECT_EQ(world.leftovers(), "");
}

INSTANTIATE_TEST_SUITE_P(EveryKind, Misbehaviour, testing::ValuesIn(kBadTools),
                         [](auto const& one) { return std::string(one.param); });

TEST(Failures, AReadIsSentOnceMoreWhenItsKeptConnectionDies) {
  World world;
  send_once(world, "a");
  auto& server = world.http("a", Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  server.reset_next = 1;
  auto const reply = client.request("resources/read", R"("uri":"res://a/a")");
  world.advance(0s);
  ASSERT_TRUE(reply->answered());
  EXPECT_NE(reply->final().find("hello from a"), std::string::npos) << reply->final();
  EXPECT_EQ(server.seen["resources/read"], 2);
  server.reset_next = 2;
  auto const other = client.request("resources/read", R"("uri":"res://a/a")");
  world.advance(0s);
  ASSERT_TRUE(other->answered());
  EXPECT_NE(other->final().find(R"("error")"), std::string::npos) << other->final();
  EXPECT_EQ(server.seen["resources/read"], 4);
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Failures, AToolCallIsNotSentAgainWhenItsKeptConnectionDies) {  // T-03
  World world;
  auto& server = world.http("a", Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  server.reset_next = 1;
  auto const reply = client.call("a__echo", R"({"key":"k"})");
  world.advance(0s);
  ASSERT_TRUE(reply->answered());
  EXPECT_TRUE(is_error_result(*reply));
  EXPECT_EQ(server.seen["tools/call"], 1);
}

TEST(Failures, AForgottenSessionIsOpenedAnewUnseenAndCounted) {  // P050
  World world;
  auto& server = world.http("a", Speaks::legacy);
  auto& client = world.client(Era::legacy);
  world.start();
  client.initialize();
  world.advance(0s);
  client.call("a__echo", R"({"key":"k1"})");
  world.advance(0s);
  server.forget_sessions();
  auto const reply = client.call("a__echo", R"({"key":"k2"})");
  world.advance(0s);
  ASSERT_TRUE(reply->answered());
  EXPECT_NE(reply->final().find("{k2} from a"), std::string::npos) << reply->final();
  EXPECT_EQ(world.ledger.executions("k2"), 1);
  EXPECT_EQ(dynamic_cast<upstream::HttpBackend const&>(*world.weir().backend("a")).reinitialised(), 1U);
  EXPECT_EQ(world.metric(R"(mcp_upstream_reinit_total{server="a"})"), 1);
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Failures, AServerThatIsGoneIsNoticedByWhoeverOpensASessionThere) {
  for (auto const era : {Era::modern, Era::legacy}) {
    World world;
    send_once(world, "a");
    auto& server = world.http("a", Speaks::legacy);
    auto& client = world.client(era);
    world.start();
    if (era == Era::legacy) client.initialize();
    world.advance(0s);
    auto const state = [&] { return world.weir().backend("a")->status().state; };
    server.die();
    EXPECT_EQ(state(), core::ServerState::ready) << "nobody has looked";
    auto const lost = client.call("a__echo");
    world.advance(0s);
    EXPECT_TRUE(is_error_result(*lost)) << lost->final();
    EXPECT_EQ(state(), core::ServerState::failed);
    EXPECT_EQ(world.weir().backend("a")->status().cause, "connection refused");
    server.alive = true;
    auto const well = client.call("a__echo", R"({"key":"k"})", "2");
    world.advance(0s);
    EXPECT_NE(well->final().find("{k} from a"), std::string::npos) << well->final();
    EXPECT_EQ(state(), core::ServerState::ready);
  }
}

TEST(Failures, AnErrorThatNamesNoRequestGetsTheIdOfTheCall) {
  World world;
  auto& server = world.http("a", Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  server.nameless_errors_next = 1;
  auto const reply = client.call("a__echo", "{}", "12");
  world.advance(0s);
  ASSERT_TRUE(reply->answered());
  EXPECT_EQ(reply->final(),
            R"({"jsonrpc":"2.0","id":12,"error":{"code":-32603,"message":"Internal error"}})");
}

TEST(Failures, AServerThatForgetsEverySessionIsNotMistakenForWeir) {
  World world;
  auto& server = world.http("a", Speaks::legacy);
  auto& client = world.client(Era::legacy);
  world.start();
  client.initialize();
  world.advance(0s);
  server.forgets_at_once = true;
  auto const reply = client.call("a__echo");
  world.advance(0s);
  ASSERT_TRUE(reply->answered());
  EXPECT_EQ(reply->head.status(), 200);
  EXPECT_TRUE(is_error_result(*reply)) << reply->final();
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Failures, ADeadOrSlowServerNeverHidesTheOthers) {  // T-06
  World world;
  world.http("dead", Speaks::modern).die();
  world.http("mute", Speaks::modern).mute = true;
  world.http("well", Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  auto const list = client.request("tools/list");
  auto const call = client.call("well__echo", R"({"key":"k"})");
  world.advance(0s);
  ASSERT_TRUE(call->answered());
  EXPECT_NE(call->final().find("{k} from well"), std::string::npos);
  world.advance(3s);
  ASSERT_TRUE(list->answered());
  EXPECT_NE(list->final().find("well__echo"), std::string::npos);
  EXPECT_EQ(list->final().find("dead__"), std::string::npos);
  world.servers["dead.test"]->alive = true;
  world.advance(2min);
  auto const again = client.call("dead__echo", R"({"key":"k2"})");
  world.advance(0s);
  EXPECT_NE(again->final().find("{k2} from dead"), std::string::npos) << again->final();
}

TEST(Failures, AServerThatDiesMidCallIsReportedAndComesBack) {
  World world;
  send_once(world, "a");
  auto& server = world.http("a", Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  auto const reply = client.call("a__hang", R"({"key":"k1"})");
  world.advance(1s);
  server.die();
  world.advance(0s);
  ASSERT_TRUE(reply->answered());
  EXPECT_TRUE(is_error_result(*reply));
  auto const refused = client.call("a__echo", R"({"key":"k2"})");
  world.advance(0s);
  EXPECT_TRUE(is_error_result(*refused));
  server.alive = true;
  auto const fine = client.call("a__echo", R"({"key":"k3"})");
  world.advance(0s);
  EXPECT_NE(fine->final().find("{k3} from a"), std::string::npos);
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Failures, AProgramThatDiesMidCallIsReportedAndStartedAgain) {
  World world;
  world.stdio("p", Handshake::modern);
  auto& client = world.client(Era::modern);
  world.start();
  auto const reply = client.call("p__hang", R"({"key":"k1"})");
  world.advance(1s);
  world.spawner.last().exit({.code = 1});
  world.advance(0s);
  ASSERT_TRUE(reply->answered());
  EXPECT_TRUE(is_error_result(*reply));
  auto const again = client.call("p__echo", R"({"key":"k2"})");
  world.advance(5s);
  ASSERT_TRUE(again->answered());
  EXPECT_NE(again->final().find("{k2} from a program"), std::string::npos) << again->final();
  EXPECT_EQ(world.ledger.executions("k1"), 1);
  EXPECT_EQ(world.leftovers(), "");
}

// What the log tells, in memory.
class Journal {
 public:
  Journal() : fd_(::memfd_create("journal", MFD_CLOEXEC)), log_(options(), clock_, {}) {}
  observe::Log& log() noexcept { return log_; }
  std::string text() {
    log_.flush();
    std::string text(static_cast<std::size_t>(::lseek(fd_, 0, SEEK_END)), '\0');
    auto const got = ::pread(fd_, text.data(), text.size(), 0);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return text;
  }
  int count(std::string const& event) {
    int times = 0;
    std::string const all = text();
    std::string const key = "\"event\":\"" + event + "\"";
    for (auto at = all.find(key); at != std::string::npos; at = all.find(key, at + 1)) ++times;
    return times;
  }

 private:
  observe::Log::Options options() const {
    observe::Log::Options made;
    made.fd = fd_;
    made.fold_for = {};
    return made;
  }
  base::SystemClock clock_;
  int const fd_;
  observe::Log log_;
};

TEST(Failures, TheLogTellsThatAProgramEndedAndCameBack) {
  Journal journal;
  World world;
  world.log = &journal.log();
  world.stdio("p", Handshake::modern);
  world.start();
  EXPECT_EQ(journal.count("upstream.ready"), 0) << "the start table tells that";
  world.spawner.last().exit({.code = 3});
  world.advance(10s);
  EXPECT_EQ(journal.count("upstream.exit"), 1) << journal.text();
  EXPECT_EQ(journal.count("upstream.ready"), 1) << journal.text();
  EXPECT_EQ(journal.count("upstream.failed"), 0) << journal.text();
  EXPECT_NE(journal.text().find("(attempt 1/5); next try in "), std::string::npos) << journal.text();
}

TEST(Failures, TheLogTellsOnceThatAServerIsGoneAndOnceThatItIsBack) {
  Journal journal;
  World world;
  world.log = &journal.log();
  auto& server = world.http("a", Speaks::legacy);
  world.http("late", Speaks::modern).mute = true;
  auto& client = world.client(Era::modern);
  world.start();
  server.die();
  for (int i = 0; i < 3; ++i) {
    client.call("a__echo", "{}", std::to_string(i));
    world.advance(15s);
  }
  EXPECT_EQ(journal.count("upstream.ready"), 0) << journal.text();
  server.alive = true;
  world.weir().table_shown();
  world.servers["late.test"]->mute = false;
  world.advance(2min);
  EXPECT_EQ(journal.count("upstream.failed"), 2) << "that of the mute one too: " << journal.text();
  EXPECT_EQ(journal.count("upstream.ready"), 2) << journal.text();
  EXPECT_EQ(journal.count("upstream.exit"), 0) << journal.text();
}

}  // namespace
}  // namespace weir::test
