#include "app/restart_keys.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

using Sentences = std::vector<std::string>;

config::Settings settings() {
  config::Settings made;
  made.workers = 2;
  made.listeners.front().bind.port = 6270;
  return made;
}

TEST(RestartKeys, SayNothingOfAReloadThatTakesEffect) {
  RestartKeys keys(settings());
  auto now = settings();
  now.log.level = "debug";
  now.limits.in_flight = 7;
  now.listeners.front().allowed_origins = {"https://app.test"};
  EXPECT_EQ(keys.reloaded(now), Sentences{});
}

TEST(RestartKeys, SayWhatDoesNotAndWhereItStands) {
  RestartKeys keys(settings());
  auto now = settings();
  now.workers = 3;
  now.log.format = "json";
  now.admin.bind.port = 7001;
  now.admin.auth = {"keys"};
  now.places = {{"workers", "weir.yaml:4:10"}, {"admin.bind", "weir.yaml:2:16"}};
  EXPECT_EQ(keys.reloaded(now),
            (Sentences{"`admin.auth: [keys]` needs a restart; until then it is []",
                       "weir.yaml:2:16: `admin.bind: 127.0.0.1:7001` needs a restart; until then it is "
                       "127.0.0.1:6271",
                       "`observability.log.format: json` needs a restart; until then it is auto",
                       "weir.yaml:4:10: `workers: 3` needs a restart; until then it is 2"}));
  EXPECT_EQ(keys.reloaded(now), Sentences{}) << "said already";
  EXPECT_EQ(keys.reloaded(settings()), Sentences{}) << "as it is in effect";
  EXPECT_EQ(keys.reloaded(now).size(), 4U);
}

TEST(RestartKeys, AListenerThatMovesIsTwoSentences) {
  RestartKeys keys(settings());
  auto now = settings();
  now.listeners.front().bind.port = 7000;
  now.places = {{"listeners", "weir.yaml:1:12"}, {"listeners.0.bind", "weir.yaml:1:22"}};
  EXPECT_EQ(keys.reloaded(now),
            (Sentences{"weir.yaml:1:22: listening on 127.0.0.1:7000 needs a restart; nobody is heard there "
                       "until then",
                       "weir.yaml:1:12: the listener on 127.0.0.1:6270 is gone from the settings; it goes on "
                       "as it was until a restart"}));
  EXPECT_EQ(keys.reloaded(now), Sentences{});
}

TEST(RestartKeys, ListenersInAnotherOrderAreNoChange) {
  auto start = settings();
  start.listeners.push_back(start.listeners.front());
  start.listeners.back().bind.port = 6280;
  RestartKeys keys(start);
  std::swap(start.listeners.front(), start.listeners.back());
  EXPECT_EQ(keys.reloaded(start), Sentences{});
}

}  // namespace
}  // namespace weir::app
