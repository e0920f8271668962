#include "resilience/verdict.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/outcome.hpp"

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;
using base::Blame;
using base::Fault;

std::string shown(std::optional<Verdict> verdict) {
  return !verdict ? "nothing" : *verdict == Verdict::failure ? "failure" : "success";
}

struct Row {
  Fault fault;
  char const* verdict;  // when the server is to blame
};

// Every fault there is.
constexpr Row kRows[]{{Fault::invalid_input, "nothing"},   {Fault::too_large, "nothing"},
                      {Fault::not_found, "nothing"},       {Fault::denied, "nothing"},
                      {Fault::unauthenticated, "nothing"}, {Fault::busy, "nothing"},
                      {Fault::limited, "nothing"},         {Fault::starting, "nothing"},
                      {Fault::unavailable, "failure"},     {Fault::breaker_open, "nothing"},
                      {Fault::throttled, "failure"},       {Fault::connect_failed, "failure"},
                      {Fault::connection_lost, "failure"}, {Fault::protocol, "failure"},
                      {Fault::refused, "nothing"},         {Fault::timed_out, "failure"},
                      {Fault::unsupported, "nothing"},     {Fault::config, "nothing"},
                      {Fault::cancelled, "nothing"},       {Fault::internal, "nothing"}};

TEST(Verdict, OnlyTransportFailuresAndOverloadOfTheServerCount) {  // F-45, F-46
  static_assert(std::size(kRows) == static_cast<std::size_t>(Fault::internal) + 1);
  for (auto const& row : kRows) {
    base::Error const error(row.fault, Blame::upstream, "");
    EXPECT_EQ(shown(verdict_on_server(error)), row.verdict) << base::name_of(row.fault);
  }
}

TEST(Verdict, WhatIsOursOrTheClientsIsNeverTheServersFailure) {  // F-46: a refused credential is ours
  for (auto const& row : kRows) {
    for (auto const blame : {Blame::gateway, Blame::client}) {
      base::Error const error(row.fault, blame, "");
      EXPECT_EQ(shown(verdict_on_server(error)), "nothing") << base::name_of(row.fault);
    }
  }
}

TEST(Verdict, AServerThatSaysWhenToComeBackHasNotFailed) {
  auto const error = base::Error(Fault::throttled, Blame::upstream, "429").again_in(2s);
  EXPECT_EQ(shown(verdict_on_server(error)), "nothing");
}

TEST(Verdict, OfAnswersOnlyTheInternalErrorIsAFailure) {
  EXPECT_EQ(shown(verdict_on_server(core::from_result("{}"))), "success");
  EXPECT_EQ(shown(verdict_on_server(core::from_result(R"({"content":[],"isError":true})"))), "success");
  for (auto const& [code, verdict] : std::initializer_list<std::pair<int, char const*>>{{-32603, "failure"},
                                                                                        {-32600, "nothing"},
                                                                                        {-32601, "nothing"},
                                                                                        {-32602, "nothing"},
                                                                                        {-32700, "nothing"},
                                                                                        {-32599, "success"},
                                                                                        {-32604, "success"},
                                                                                        {-32002, "success"},
                                                                                        {-32000, "success"},
                                                                                        {1, "success"}}) {
    auto const outcome = base::Result<core::Outcome>(core::from_error(code, "no"));
    EXPECT_EQ(shown(verdict_on_server(outcome)), verdict) << code;
  }
}

}  // namespace
}  // namespace weir::resilience
