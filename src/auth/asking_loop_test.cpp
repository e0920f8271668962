#include "auth/asking_loop.hpp"

#include <gtest/gtest.h>

#include "auth/introspection.hpp"
#include "auth/scripted_issuer_test.hpp"

namespace weir::auth {
namespace {

using namespace std::chrono_literals;

constexpr base::WallTime kWall{1000s};

struct Introspected : testing::Test {
  ScriptedIssuer issuer;
  net::FetchedReply reply;

  std::string outcome(std::string body, int status = 200) {
    reply.status = status;
    reply.body = std::move(body);
    auto const read = read_introspection(reply, issuer.questions, "digest", kWall);
    if (!read) return base::name_of(read.error().fault);
    return *read ? (*read)->principal->id : "nobody";
  }
};

TEST_F(Introspected, TheQuestionNamesWeirAndHidesNothingInTheAddress) {
  auto const request = introspection_request(issuer.questions, "a+b/c=");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "POST");
  EXPECT_EQ(request->url.target, "/introspect");
  EXPECT_EQ(request->body.reveal(), "token_type_hint=access_token&token=a%2Bb%2Fc%3D");
  // weir%3A1:p%26ss (RFC 6749 section 2.3.1: each is written as in a form first)
  EXPECT_EQ(request->fields.back().second.reveal(), "Basic d2VpciUzQTE6cCUyNnNz");
}

TEST_F(Introspected, AThrottleSaysForHowLong) {
  auto const wait = [this](char const* after) {
    net::FetchedReply answer;
    answer.status = 429;
    if (*after != '\0') answer.fields.emplace_back("retry-after", after);
    return read_introspection(answer, issuer.questions, "digest", kWall).error().retry_after;
  };
  EXPECT_EQ(wait("7"), 7s);
  EXPECT_EQ(wait("0"), 1s);
  EXPECT_EQ(wait(""), 10s);
}

TEST_F(Introspected, ATokenForOneServersEndpointReachesThatServerAlone) {
  auto const reaches = [this](std::string const& audience) {
    net::FetchedReply answer;
    answer.status = 200;
    answer.body = R"({"active":true,"sub":"ann","aud":)" + audience + "}";
    auto const caller = *read_introspection(answer, issuer.questions, "digest", kWall);
    return std::pair(caller->principal->reaches("github"), caller->principal->reaches("docs"));
  };
  EXPECT_EQ(reaches(R"("https://mcp.test/mcp/github")"), std::pair(true, false));
  EXPECT_EQ(reaches(R"(["https://mcp.test/mcp/github","https://mcp.test/mcp"])"), std::pair(true, true));
}

TEST_F(Introspected, OnlyAnActiveTokenForUsOfANamedCallerCounts) {
  std::string const good = R"("active":true,"sub":"ann","aud":"https://mcp.test/mcp")";
  EXPECT_EQ(outcome("{" + good + "}"), "sub:https://as.test|ann");
  EXPECT_EQ(outcome("{" + good + R"(,"exp":1001,"iss":"https://as.test"})"), "sub:https://as.test|ann");
  for (auto const& body :
       {std::string(R"({"active":false})"),
        std::string(R"({"active":false,"sub":"ann","aud":"https://mcp.test/mcp"})"),
        "{" + good + R"(,"exp":1000})", "{" + good + R"(,"iss":"https://evil"})",
        std::string(R"({"active":true,"aud":"https://mcp.test/mcp"})"),
        std::string(R"({"active":true,"sub":"ann","aud":"https://mcp.test/mcp","cnf":{"jkt":"x"}})"),
        std::string(R"({"active":true,"sub":"ann"})"),
        std::string(R"({"active":true,"sub":"ann","aud":"https://other"})"),
        std::string(R"({"active":true,"sub":"","aud":"https://mcp.test/mcp"})")}) {
    EXPECT_EQ(outcome(body), "nobody") << body;
  }
  for (auto const* const exp : {"\"soon\"", "-1", "1e18"})
    EXPECT_EQ(outcome("{" + good + R"(,"exp":)" + exp + "}"), "nobody") << exp;
  EXPECT_EQ(outcome("{}"), "protocol");
  EXPECT_EQ(outcome(R"({"active":"true"})"), "protocol");
  EXPECT_EQ(outcome("<html>"), "protocol");
  EXPECT_EQ(outcome("{}", 401), "config");
  EXPECT_EQ(outcome("{}", 503), "unavailable");
  EXPECT_EQ(outcome("{}", 302), "unavailable");
  EXPECT_EQ(outcome("{}", 429), "throttled");
}

struct AskingLoopTest : testing::Test {
  ScriptedIssuer issuer;
  base::TaskGroup tasks{issuer.loop};
  std::vector<AskingLoop::Answer> answers;

  AskingLoopTest() {
    issuer.sources();
    issuer.asking->start();
  }
  void ask(std::string token) {
    auto task = [](AskingLoop& at, base::Secret text,
                   std::vector<AskingLoop::Answer>& out) -> base::Task<void> {
      out.push_back(co_await at.ask(text));
    };
    tasks.spawn(task(*issuer.asking, base::Secret(token), answers));
  }
  bool known(std::string_view token) {
    return issuer.asking->judge(token, issuer.loop.clock().wall(), issuer.loop.now()).has_value();
  }
};

TEST_F(AskingLoopTest, AThousandCallersWithOneTokenAreOneQuestion_F04) {
  for (int i = 0; i < 1000; ++i) ask("opaque-1");
  issuer.loop.advance(1s);
  EXPECT_EQ(issuer.asked("/introspect"), 1U);
  ASSERT_EQ(answers.size(), 1000U);
  EXPECT_TRUE(*answers.back());
}

TEST_F(AskingLoopTest, GoodAnswersLastAMinuteAndBadOnesTenSeconds) {
  ask("opaque-1");
  ask("nothing");
  issuer.loop.advance(10ms);
  EXPECT_TRUE(known("opaque-1"));
  EXPECT_TRUE(known("nothing"));
  issuer.loop.advance(10s - 1ms);
  EXPECT_TRUE(known("nothing"));
  issuer.loop.advance(1ms);
  EXPECT_FALSE(known("nothing"));
  issuer.loop.advance(50s - 1ms);
  EXPECT_TRUE(known("opaque-1"));
  issuer.loop.advance(1ms);
  EXPECT_FALSE(known("opaque-1"));
  issuer.loop.advance(2s);
  EXPECT_EQ(issuer.asking->known(), 0U) << "nobody asked, and yet they are gone";
}

TEST_F(AskingLoopTest, AFailureIsNotRememberedAsARefusal) {
  issuer.down = true;
  ask("opaque-1");
  issuer.loop.advance(1s);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_FALSE(answers[0]);
  EXPECT_FALSE(known("opaque-1"));
}

TEST_F(AskingLoopTest, AnIssuerThatIsAwayIsNotAskedForEachCall_T59) {
  issuer.down = true;
  for (int i = 0; i < 100; ++i) {
    ask("opaque-" + std::to_string(i % 2));
    issuer.loop.advance(10ms);
  }
  EXPECT_EQ(issuer.asked("/introspect"), 1U);
  ASSERT_EQ(answers.size(), 100U);
  EXPECT_EQ(answers.back().error().fault, base::Fault::connect_failed);
  EXPECT_GT(answers.back().error().retry_after, 0s);
  issuer.down = false;
  issuer.loop.advance(1s);
  ask("opaque-1");
  issuer.loop.advance(10ms);
  EXPECT_TRUE(known("opaque-1"));
}

TEST_F(AskingLoopTest, WhatWasAnsweredOnTheWayIsNotAskedAgain_F04) {
  ask("opaque-1");
  issuer.loop.advance(1s);
  ask("opaque-1");
  issuer.loop.advance(1s);
  EXPECT_EQ(issuer.asked("/introspect"), 1U);
  EXPECT_EQ(answers.size(), 2U);
}

TEST_F(AskingLoopTest, QuestionsAreBounded) {
  constexpr auto kAll = AskingLoop::kQuestionsMax + AskingLoop::kWaitingMax;
  for (std::size_t i = 0; i <= kAll; ++i) ask("opaque-" + std::to_string(i));
  issuer.loop.run();
  ASSERT_EQ(answers.size(), 1U) << "the last one found no place";
  EXPECT_EQ(answers[0].error().fault, base::Fault::busy);
  EXPECT_EQ(issuer.asked("/introspect"), AskingLoop::kQuestionsMax);
  issuer.loop.advance(4s);
  EXPECT_EQ(issuer.asked("/introspect"), kAll) << "the others had their turn";
  EXPECT_EQ(answers.size(), kAll + 1);
}

TEST_F(AskingLoopTest, NobodyWaitsForATurnLongerThanAnAnswerMayTake) {
  issuer.latency = 6s;
  for (std::size_t i = 0; i <= AskingLoop::kQuestionsMax; ++i) ask("opaque-" + std::to_string(i));
  issuer.loop.advance(AskingLoop::kAnswerMax);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].error().fault, base::Fault::busy);
}

TEST_F(AskingLoopTest, WhoWaitsIsToldWhenItStops) {
  issuer.latency = 1h;
  ask("opaque-1");
  issuer.loop.advance(1s);
  issuer.asking->stop();
  issuer.loop.advance(1s);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].error().fault, base::Fault::unavailable);
}

}  // namespace
}  // namespace weir::auth
