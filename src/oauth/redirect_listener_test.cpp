#include "oauth/redirect_listener_io.hpp"

#include <gtest/gtest.h>

#include "net/dialer.hpp"
#include "net/http_fetch.hpp"

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;

struct WayBack : testing::Test {
  base::SystemClock clock;
  base::SeededRandom random{5};
  net::IoLoop loop{clock};
  net::NetDialer dialer{loop, nullptr};
  net::NetFetcher fetcher{loop, dialer};
  std::unique_ptr<RedirectListener> listener;
  std::optional<SignIn> attempt;
  std::optional<OAuthResult<base::Secret>> came;
  base::TaskGroup tasks{loop};

  WayBack() {
    auto opened = RedirectListener::open(loop, 0);
    EXPECT_TRUE(opened);
    listener = std::move(*opened);
    SignInAt at;
    at.authorization_endpoint = *net::parse_url("https://issuer.test/authorize");
    at.issuer = "https://issuer.test";
    at.client_id = "weir";
    at.redirect_uri = listener->redirect_uri();
    attempt.emplace(at, random, clock.now());
  }
  std::string state() const {
    auto const& url = attempt->url();
    auto const begin = url.find("&state=") + 7;
    return url.substr(begin, url.find('&', begin) - begin);
  }
  static base::Task<void> await_answer(WayBack& test, base::TimePoint until) {
    test.came = co_await test.listener->wait(*test.attempt, until);
    test.loop.stop();
  }
  static base::Task<void> visit(WayBack& test, std::vector<std::string> targets, std::string host,
                                std::vector<int>& statuses) {
    for (auto const& target : targets) {
      net::FetchRequest request;
      request.url = *net::parse_url(test.listener->redirect_uri());
      request.url.target = target;
      if (!host.empty()) request.url.authority = host;
      auto const reply = co_await test.fetcher.fetch(request, test.loop.now() + 5s);
      statuses.push_back(reply ? reply->status : 0);
      EXPECT_TRUE(!reply || reply->body.find("evil") == std::string::npos);  // nothing comes back
    }
    if (test.came) test.loop.stop();
  }
  std::vector<int> visited(std::vector<std::string> targets, std::string host = "",
                           base::Duration within = 10s) {
    std::vector<int> statuses;
    tasks.spawn(await_answer(*this, clock.now() + within));
    tasks.spawn(visit(*this, std::move(targets), std::move(host), statuses));
    loop.run();
    if (statuses.empty() || statuses.back() == 0) loop.run();  // the answer to the last one
    return statuses;
  }
};

TEST_F(WayBack, IsOnTheLoopbackAlone) {
  EXPECT_TRUE(listener->redirect_uri().starts_with("http://127.0.0.1:"));
  EXPECT_TRUE(listener->redirect_uri().ends_with("/callback"));
}

TEST_F(WayBack, OnlyTheAnswerEndsTheWait) {
  auto const statuses =
      visited({"/favicon.ico", "/", "/callback", "/callback?code=evil&state=x",
               "/callback?error=evil&state=" + state() + "x", "/callback?code=c-1&state=" + state()});
  ASSERT_GE(statuses.size(), 5U);
  EXPECT_EQ((std::vector<int>(statuses.begin(), statuses.begin() + 5)),
            (std::vector<int>{404, 404, 400, 400, 400}));
  ASSERT_TRUE(came);
  ASSERT_TRUE(*came);
  EXPECT_EQ((*came)->reveal(), "c-1");
}

TEST_F(WayBack, ARefusalOfTheIssuerEndsItToo) {
  visited({"/callback?error=access_denied&state=" + state()});
  ASSERT_TRUE(came && !*came);
  EXPECT_EQ(came->error().code, "access_denied");
}

TEST_F(WayBack, AnotherHostIsNotServed) {
  auto const statuses = visited({"/callback?code=c&state=" + state()}, "evil.test", 100ms);
  EXPECT_EQ(statuses, std::vector<int>{404});
  ASSERT_TRUE(came && !*came);
}

TEST_F(WayBack, TooManyRequestsEndIt) {
  std::vector<std::string> const junk(RedirectListener::kRequestsMax, "/callback?code=evil&state=x");
  visited(junk);
  ASSERT_TRUE(came && !*came);
  EXPECT_NE(came->error().description.find("too many"), std::string::npos);
}

TEST_F(WayBack, OneRequestLessDoesNot) {
  std::vector<std::string> junk(RedirectListener::kRequestsMax - 1, "/callback?code=evil&state=x");
  junk.push_back("/callback?code=c-1&state=" + state());
  visited(junk);
  ASSERT_TRUE(came && *came);
}

}  // namespace
}  // namespace weir::oauth
