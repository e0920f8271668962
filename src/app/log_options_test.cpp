#include "app/log_options.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

TEST(LogOptions, WhatPeopleReadOfAServerIsMaskedAsTheLogIs) {
  base::SystemClock clock;
  config::Settings settings;
  settings.secrets = {base::Secret("filesecret-1")};
  auto const log = make_log(settings, clock);
  auto const shown = [&log](std::string const& value) {
    core::ServerStatus status;
    status.cause = "exit 1: bad token " + value;
    status.cure = "replace " + value;
    status.last_stderr = "line\nbad token " + value;
    mask_status(status, *log);
    return status.cause + " | " + status.cure + " | " + status.last_stderr;
  };
  EXPECT_EQ(shown("filesecret-1"), "exit 1: bad token *** | replace *** | line\nbad token ***");

  auto const before = settings.secrets;
  settings.secrets = {base::Secret("filesecret-2")};
  RetiredSecrets retired;
  retired.replaced(before, settings.secrets, clock.now() + std::chrono::hours{1});
  adjust_log(*log, settings, retired);
  EXPECT_EQ(shown("filesecret-1"), shown("filesecret-2")) << "the one before may still be told";
  EXPECT_EQ(shown("filesecret-1").find("filesecret"), std::string::npos);
}

}  // namespace
}  // namespace weir::app
