#include <gtest/gtest.h>

#include "support/world.hpp"

// One conversation, then the same with its connections failing at each step and at many bytes, on either side
// of Weir. Whatever breaks: no answer twice, no call executed twice, and nothing stays behind.
namespace weir::test {
namespace {

using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;
enum class Side { clients, servers };

struct Case {
  Era era;
  Side side;
  Trial::How how;
};

std::string name_of(testing::TestParamInfo<Case> const& one) {
  static constexpr char const* kHow[] = {"Reset", "End", "Stall"};
  return std::string(one.param.era == Era::modern ? "Modern" : "Legacy") +
         (one.param.side == Side::clients ? "Client" : "Server") + kHow[static_cast<int>(one.param.how)];
}

// Every answer that the client got is one it may get; those that broke off are its own trouble.
void check(World& world, FakeClient::Replied const& reply, Side side, std::string const& where) {
  EXPECT_TRUE(reply->done) << where;
  EXPECT_LE(reply->finals.size(), 1U) << where;
  EXPECT_TRUE(side == Side::clients || reply->answered()) << where << " " << reply->head.start;
  for (auto const& text : reply->finals)
    EXPECT_TRUE(text.starts_with("{\"jsonrpc\":\"2.0\"")) << where << text;
  EXPECT_EQ(world.sessions().size() > 1, false) << where;
}

void converse(Case const& which, Trial& trial, std::string const& where) {
  World world;
  (which.side == Side::clients ? world.trial : world.dialer.trial) = &trial;
  world.http("a", which.era == Era::modern ? Speaks::modern : Speaks::legacy);
  auto& client = world.client(which.era);
  world.start();
  std::vector<FakeClient::Replied> replies;
  auto const say = [&](FakeClient::Replied reply, base::Duration within) {
    world.advance(within);
    if (which.side == Side::clients) client.hang_up(reply);  // it waits no longer
    world.advance(0s);
    replies.push_back(std::move(reply));
  };
  if (which.era == Era::legacy) say(client.initialize(), 10s);
  say(client.request("tools/list"), 10s);
  say(client.call("a__echo", R"({"key":"k1"})"), 40s);
  say(client.call("a__progress", R"({"key":"k2","n":2,"ms":50})"), 40s);
  say(client.request("resources/read", R"("uri":"res://a/a")"), 40s);
  for (auto const& reply : replies) check(world, reply, which.side, where);
  if (which.era == Era::legacy && !client.session().empty()) say(client.end_session(), 10s);
  auto const totals = world.ledger.totals();
  EXPECT_EQ(totals.executed_twice, 0U) << where;
  EXPECT_EQ(world.leftovers(), "") << where;
}

std::size_t points_of_bytes() { return long_run() ? 1000 : 12; }

class EveryStep : public testing::TestWithParam<Case> {};

TEST_P(EveryStep, LeavesNothingBehindAndAnswersOnceAtMost) {
  for (auto const unit : {Trial::Unit::steps, Trial::Unit::bytes}) {
    Trial whole;
    whole.unit = unit;
    converse(GetParam(), whole, "whole");
    ASSERT_GT(whole.used, 5U);
    std::size_t const stride =
        unit == Trial::Unit::steps ? 1 : std::max<std::size_t>(1, whole.used / points_of_bytes());
    for (std::size_t at = 1; at < whole.used && !HasFailure(); at += stride) {
      Trial trial;
      trial.unit = unit;
      trial.how = GetParam().how;
      trial.left = at;
      converse(GetParam(), trial, "broken at " + std::to_string(at) + (stride == 1 ? " steps" : " bytes"));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryStep,
                         testing::Values(Case{Era::modern, Side::clients, Trial::How::reset},
                                         Case{Era::modern, Side::clients, Trial::How::end},
                                         Case{Era::modern, Side::clients, Trial::How::stall},
                                         Case{Era::modern, Side::servers, Trial::How::reset},
                                         Case{Era::modern, Side::servers, Trial::How::end},
                                         Case{Era::modern, Side::servers, Trial::How::stall},
                                         Case{Era::legacy, Side::clients, Trial::How::reset},
                                         Case{Era::legacy, Side::clients, Trial::How::end},
                                         Case{Era::legacy, Side::clients, Trial::How::stall},
                                         Case{Era::legacy, Side::servers, Trial::How::reset},
                                         Case{Era::legacy, Side::servers, Trial::How::end},
                                         Case{Era::legacy, Side::servers, Trial::How::stall}),
                         name_of);

}  // namespace
}  // namespace weir::test
