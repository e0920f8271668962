#include "fallback/fallback_plan.hpp"

#include <gtest/gtest.h>

namespace weir::fallback {
namespace {

using base::Blame;
using base::Error;
using base::Fault;

std::string shown(FallbackPlan const& plan, Fault fault) {
  std::string text;
  for (auto const& step : plan.steps_for(fault)) {
    text.append(text.empty() ? "" : " ").append(name_of(step.strategy));
    if (!step.server.empty()) text.append(":").append(step.server);
  }
  return text;
}

Declared context7() {
  Declared made;
  made.on_timeout = Strategy::use_cache;
  made.on_error = Strategy::skip;
  made.stale_ok = true;
  return made;
}

Declared confluence() {
  Declared made;
  made.on_timeout = Strategy::use_stale_cache;
  made.on_error = Strategy::use_local_backup;
  made.has_backup = made.stale_ok = true;
  return made;
}

Declared kellerai() {
  Declared made;
  made.on_timeout = made.on_error = Strategy::use_default;
  made.has_standard = true;
  return made;
}

TEST(FallbackPlan, TriesWhatTheHookNamesAndThenWhatElseIsProvided_C4) {
  struct Row {
    Declared declared;
    char const *timeout, *error, *open, *limited;
  };
  Declared nothing, stale_only, open_only = context7();
  stale_only.stale_ok = true;
  open_only.on_open = Strategy::use_default;
  Row const rows[] = {
      {context7(), "use_cache", "use_stale_cache", "use_stale_cache", "use_stale_cache"},
      {confluence(), "use_stale_cache use_local_backup", "use_local_backup use_stale_cache",
       "use_local_backup use_stale_cache", "use_local_backup use_stale_cache"},
      {kellerai(), "use_default", "use_default", "use_default", "use_default"},
      {nothing, "", "", "", ""},
      {stale_only, "use_stale_cache", "use_stale_cache", "use_stale_cache", "use_stale_cache"},
      {open_only, "use_cache use_default", "use_stale_cache use_default", "use_stale_cache use_default",
       "use_stale_cache use_default"},
  };
  for (auto const& row : rows) {
    FallbackPlan const plan(row.declared);
    EXPECT_EQ(shown(plan, Fault::timed_out), row.timeout);
    EXPECT_EQ(shown(plan, Fault::connection_lost), row.error);
    EXPECT_EQ(shown(plan, Fault::breaker_open), row.open);
    EXPECT_EQ(shown(plan, Fault::throttled), row.limited);
  }
}

TEST(FallbackPlan, TakesAnExplicitChainAsItIs_R096) {
  Declared declared = confluence();
  declared.chain = {{Strategy::use_stale_cache, {}, {}, {}},
                    {Strategy::skip, {}, {}, {}},
                    {Strategy::server, "mirror", "find", {}},
                    {Strategy::use_local_backup, {}, {}, {}},
                    {Strategy::message, {}, {}, "Work from the cached pages."}};
  FallbackPlan const plan(declared);
  for (auto const fault : {Fault::timed_out, Fault::protocol, Fault::breaker_open, Fault::throttled}) {
    EXPECT_EQ(shown(plan, fault), "use_stale_cache server:mirror use_local_backup message");
    EXPECT_EQ(plan.servers_for(fault), 1U);
  }
  EXPECT_TRUE(plan.wants_copy());
  EXPECT_FALSE(plan.empty());
}

TEST(FallbackPlan, OfNobodyIsEmptyAndAnEmptyChainSwitchesAllOff) {
  EXPECT_TRUE(FallbackPlan().empty());
  Declared declared = confluence();
  declared.chain.emplace();
  EXPECT_TRUE(FallbackPlan(declared).empty());
  EXPECT_FALSE(FallbackPlan(declared).wants_copy());
  EXPECT_FALSE(FallbackPlan(kellerai()).wants_copy());
}

TEST(FallbackPlan, OnlyFailuresOfTheServerQualify_F46) {
  for (int i = 0; i <= static_cast<int>(Fault::internal); ++i) {
    auto const fault = static_cast<Fault>(i);
    bool const of_server = fault == Fault::timed_out || fault == Fault::unavailable ||
                           fault == Fault::throttled || fault == Fault::breaker_open ||
                           fault == Fault::starting || fault == Fault::connect_failed ||
                           fault == Fault::connection_lost || fault == Fault::protocol;
    bool const full = fault == Fault::busy;
    EXPECT_EQ(qualifies(Error(fault, Blame::upstream, "").about("docs")), of_server || full)
        << base::name_of(fault);
    EXPECT_EQ(qualifies(Error(fault, Blame::gateway, "").about("docs")), full) << base::name_of(fault);
    EXPECT_FALSE(qualifies(Error(fault, Blame::client, ""))) << base::name_of(fault);
  }
}

}  // namespace
}  // namespace weir::fallback
