#include "app/tool_desk.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>

#include "mcp/message.hpp"

namespace weir::app {
namespace {

std::shared_ptr<router::ItemList const> tools(std::string const& description,
                                              std::string const& name = "add") {
  auto page = mcp::decode(R"({"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":")" + name +
                          R"(","description":")" + description + R"(","inputSchema":{"type":"object"}}]}})");
  auto list = std::make_shared<router::ItemList>(router::ListKind::tools, router::ItemListOptions{});
  EXPECT_TRUE(list->add(std::move(*page), {}).has_value());
  return list;
}

class ToolDeskTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "weir-desk-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    config::Server server;
    server.name = "s";
    server.urls = {"http://127.0.0.1:1/mcp?key=1"};
    settings_.servers.push_back(server);
  }
  void TearDown() override {
    side_.reset();
    std::filesystem::remove_all(folder_);
    ::close(nowhere_);
  }
  std::unique_ptr<ToolDesk> desk() {
    auto made =
        std::make_unique<ToolDesk>(ToolDesk::Parts{*side_, log_, metrics_}, (folder_ / "pins.db").string());
    made->apply(settings_);
    return made;
  }
  // Until the side thread has done what it was given.
  void written() {
    std::mutex lock;
    std::condition_variable told;
    bool done = false;
    ASSERT_TRUE(side_->give([&] {
      std::lock_guard const guard(lock);
      done = true;
      told.notify_one();
    }));
    std::unique_lock guard(lock);
    told.wait(guard, [&] { return done; });
  }
  double alarms(char const* kind) { return metrics_.server("s").tool_alarms.of(kind).value(); }

  std::filesystem::path folder_;
  base::SystemClock clock_;
  int const nowhere_ = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  observe::Log log_{observe::Log::Options{.fd = nowhere_}, clock_,
                    [](std::string_view text) { return std::string(text); }};
  observe::Metrics metrics_{{}};
  std::unique_ptr<net::SideThread> side_ = std::make_unique<net::SideThread>();
  config::Settings settings_;
};

TEST_F(ToolDeskTest, AStateFolderThatCannotBeWrittenIsNamedWithWhatIsLostAndTheCure) {
  auto const plain = folder_ / "plain";
  std::ofstream(plain) << "no folder";
  auto const lines = folder_ / "log";
  int const fd = ::open(lines.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  {
    observe::Log log(observe::Log::Options{.fd = fd}, clock_, {});
    ToolDesk const desk(ToolDesk::Parts{*side_, log, metrics_}, (plain / "weir" / "pins.db").string());
  }
  ::close(fd);
  std::ifstream from(lines);
  std::string said;
  std::getline(from, said);
  EXPECT_NE(said.find("the state folder " + (plain / "weir").string() +
                      " cannot be written (Not a directory): pins of tools are forgotten"),
            std::string::npos)
      << said;
  EXPECT_NE(said.find("STATE_DIRECTORY or XDG_STATE_HOME"), std::string::npos) << said;
}

TEST_F(ToolDeskTest, AChangeBetweenTwoRunsIsFoundAndWithheldWhereConfigured_T56) {
  auto first = desk();
  EXPECT_EQ(first->inspect("s", tools("Adds.")), nullptr);
  written();
  auto next = desk();
  EXPECT_EQ(next->inspect("s", tools("Adds. And more.")), nullptr);  // warn: it is offered
  EXPECT_EQ(next->suspects("s"), 1U);
  EXPECT_EQ(alarms("changed"), 1);
  EXPECT_FALSE(next->withholds_unseen("s"));
  settings_.pinning["s"] = config::Pinning::quarantine;
  next->apply(settings_);
  EXPECT_TRUE(next->withholds_unseen("s"));
  auto const list = tools("Adds. And more.");
  ASSERT_NE(next->inspect("s", list), nullptr);
  EXPECT_EQ(next->inspect("s", list)->general, router::ToolNames{"add"});
  EXPECT_EQ(alarms("changed"), 1);  // told once
  auto const shown = next->report();
  EXPECT_EQ(shown.at(0).findings.at(0).detail, "- description: Adds.\n+ description: Adds. And more.\n");
  EXPECT_EQ(next->accept("s", "add")->size(), 1U);
  EXPECT_EQ(next->inspect("s", list), nullptr);
  written();
  EXPECT_EQ(desk()->inspect("s", tools("Adds. And more.")), nullptr);
}

TEST_F(ToolDeskTest, ATenantsWordHoldsForItsCallersAndAfterAStart_T56) {
  settings_.pinning["s"] = config::Pinning::quarantine;
  settings_.jwt.emplace().claims.tenant = "tid";
  auto first = desk();
  first->inspect("s", tools("Adds."));
  auto const list = tools("Adds. And more.");
  first->inspect("s", list);
  EXPECT_EQ(first->accept("s", "add", "acme")->size(), 1U);
  auto const holds = [](ToolDesk& one, std::shared_ptr<router::ItemList const> const& now,
                        char const* tenant) {
    auto const withheld = one.inspect("s", now);
    return withheld != nullptr && withheld->holds("add", tenant);
  };
  EXPECT_FALSE(holds(*first, list, "acme"));
  EXPECT_TRUE(holds(*first, list, "other"));
  EXPECT_EQ(first->report().at(0).tenants, (std::vector<PinningTenant>{{"acme", 1}}));
  written();
  auto next = desk();
  EXPECT_FALSE(holds(*next, tools("Adds. And more."), "acme"));
  EXPECT_TRUE(holds(*next, tools("Adds. And more."), "other"));
  EXPECT_TRUE(holds(*next, tools("Adds. And else."), "acme"));
  EXPECT_EQ(alarms("changed"), 3) << "once for each definition that a run has seen, not for each tenant";
  auto const shown = next->report().at(0);
  ASSERT_EQ(shown.findings.size(), 2U);
  EXPECT_EQ(shown.suspects, 1U);
  EXPECT_EQ(shown.findings.at(1).tenant, "acme");
  EXPECT_EQ(shown.findings.at(1).why,
            "says something else of itself than when it was pinned for tenant acme");
  EXPECT_EQ(next->accept("s", "")->size(), 1U);  // for everybody
  written();
  EXPECT_EQ(desk()->inspect("s", tools("Adds. And else.")), nullptr);
  EXPECT_TRUE(desk()->report().at(0).tenants.empty());
}

TEST_F(ToolDeskTest, WhereNobodyHasATenantNothingIsAcceptedForOne) {
  auto const one = desk();
  one->inspect("s", tools("1"));
  EXPECT_NE(one->accept("s", "add", "acme").error().detail.find("auth.jwt.tenant"), std::string::npos);
  settings_.introspection.emplace().claims.tenant = "tid";
  one->apply(settings_);
  EXPECT_TRUE(one->accept("s", "add", "acme").has_value());
  EXPECT_TRUE(one->accept("s", "", std::string(ToolDesk::kTenantBytesMax, 'x')).has_value());
  EXPECT_FALSE(one->accept("s", "", std::string(ToolDesk::kTenantBytesMax + 1, 'x')).has_value());
}

TEST_F(ToolDeskTest, IgnoredServersAreNotLookedAt) {
  settings_.pinning["s"] = config::Pinning::ignore;
  auto const one = desk();
  one->inspect("s", tools("a\\u200b"));
  EXPECT_EQ(one->suspects("s"), 0U);
  EXPECT_FALSE(one->accept("s", "").has_value());
  EXPECT_EQ(one->report().at(0).pinned, 0U);
}

TEST_F(ToolDeskTest, AnotherTargetUnderTheNameIsTrustedAnewAndAnotherQueryIsTheSame) {
  desk()->inspect("s", tools("1"));
  written();
  settings_.servers[0].urls = {"http://127.0.0.1:1/mcp?key=2"};
  auto same = desk();
  same->inspect("s", tools("2"));
  EXPECT_EQ(same->suspects("s"), 1U);
  settings_.servers[0].urls = {"http://127.0.0.1:2/mcp"};
  auto other = desk();
  other->inspect("s", tools("2"));
  EXPECT_EQ(other->suspects("s"), 0U);
}

TEST_F(ToolDeskTest, WhatCannotBeAcceptedIsSaid) {
  auto const one = desk();
  EXPECT_FALSE(one->accept("nobody", "").has_value());
  EXPECT_FALSE(one->accept("s", "").has_value());  // has not listed anything
  one->inspect("s", tools("1"));
  EXPECT_FALSE(one->accept("s", "sub").has_value());
  EXPECT_TRUE(one->accept("s", "").has_value());
}

TEST_F(ToolDeskTest, AToolIsAcceptedByWhatItsNameIsShownAs) {  // acceptance row 57
  auto const lines = folder_ / "log";
  int const fd = ::open(lines.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  {
    observe::Log log(observe::Log::Options{.fd = fd}, clock_, {});
    ToolDesk one(ToolDesk::Parts{*side_, log, metrics_}, std::string());
    one.apply(settings_);
    one.inspect("s", tools("1", R"(n\u200bm; id)"));
    EXPECT_EQ(one.suspects("s"), 1U);
    EXPECT_FALSE(one.accept("s", "nm; id").has_value());
    EXPECT_EQ(one.accept("s", "n<U+200B>m; id").value(), std::vector<std::string>{"n\u200Bm; id"});
    EXPECT_EQ(one.suspects("s"), 0U);
  }
  ::close(fd);
  std::ifstream from(lines);
  std::string const said{std::istreambuf_iterator<char>(from), {}};
  EXPECT_NE(said.find("accept with `weir tools accept s 'n<U+200B>m; id'`"), std::string::npos) << said;
  EXPECT_EQ(said.find("\u200B"), std::string::npos) << said;
}

TEST_F(ToolDeskTest, WithoutAFileItWorksUntilItsEnd) {
  ToolDesk one(ToolDesk::Parts{*side_, log_, metrics_}, std::string());
  one.apply(settings_);
  one.inspect("s", tools("1"));
  one.inspect("s", tools("2"));
  EXPECT_EQ(one.suspects("s"), 1U);
  written();
}

}  // namespace
}  // namespace weir::app
