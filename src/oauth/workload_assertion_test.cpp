#include "oauth/workload_assertion.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/base64url.hpp"

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;

constexpr base::WallTime kNow{1'700'000'000s};

std::string jwt(std::string const& claims) {
  return base::to_base64url("{}") + "." + base::to_base64url(claims) + ".c2ln";
}

struct Assertions : testing::Test {
  std::string folder = testing::TempDir() + "weir_assertion_" + std::to_string(::getpid());
  std::string file = folder + "/token";
  Assertions() {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  ~Assertions() override { std::filesystem::remove_all(folder); }
  void put(std::string const& text) const { std::ofstream(file, std::ios::trunc) << text; }
  std::string read() const {
    auto const got = read_assertion({{}, file, ""});
    return got ? std::string(got->reveal()) : got.error().description;
  }
};

TEST_F(Assertions, AFileIsReadAtEachUseWithoutWhatStandsAroundIt_RFC7523) {
  put(" a.b.c\r\n");
  EXPECT_EQ(read(), "a.b.c");
  put("d.e.f");
  EXPECT_EQ(read(), "d.e.f");
  EXPECT_EQ(read_assertion({base::Secret("x.y.z\n"), "", ""})->reveal(), "x.y.z");
}

TEST_F(Assertions, ALinkIsFollowedAsPlatformsReplaceThem) {
  std::ofstream(folder + "/data-1") << "a.b.c";
  std::ofstream(folder + "/data-2") << "d.e.f";
  std::filesystem::create_symlink("data-1", file);
  EXPECT_EQ(read(), "a.b.c");
  std::filesystem::create_symlink("data-2", folder + "/next");
  std::filesystem::rename(folder + "/next", file);
  EXPECT_EQ(read(), "d.e.f");
}

TEST_F(Assertions, OneOf16KiBIsReadAndOneByteMoreIsNot) {
  put(std::string(kTokenBytesMax, 'x') + "\n");
  EXPECT_EQ(read().size(), kTokenBytesMax);
  for (std::size_t const more : {std::size_t{1}, std::size_t{64}, std::size_t{65}, std::size_t{1'000'000}}) {
    put(std::string(kTokenBytesMax + more, 'x'));
    EXPECT_NE(read().find("cannot be read"), std::string::npos) << more;
  }
  put(std::string(kTokenBytesMax, 'x') + std::string(65, '\n'));
  EXPECT_NE(read().find("is too long"), std::string::npos) << "what follows was not read";
}

TEST_F(Assertions, WhatIsNoneSaysWhyWithoutItsText) {
  EXPECT_NE(read().find("No such file"), std::string::npos);
  put("");
  EXPECT_NE(read().find("it is empty"), std::string::npos);
  put(" \n");
  EXPECT_NE(read().find("it is empty"), std::string::npos);
  for (auto const* const text : {"secret-a b", "secret-a\nb", "secret-\x01", "secret-\xc3\xa9"}) {
    put(text);
    EXPECT_NE(read().find("no token"), std::string::npos) << text;
    EXPECT_EQ(read().find("secret-"), std::string::npos);
  }
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  EXPECT_NE(read().find("is not a file"), std::string::npos);
  std::filesystem::remove(file);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_NE(read().find("is not a file"), std::string::npos) << "nor is a writer waited for";
  auto const refused = read_assertion({{}, file, ""});
  EXPECT_EQ(refused.error().cause, Cause::config);
  EXPECT_NE(refused.error().advice.find("assertion_file"), std::string::npos);
}

TEST(AssertionChecks, ItIsForTheIssuerOrItIsNotSent_RFC7523) {
  std::vector<std::string> const ours{"https://i.test", "https://i.test/token"};
  auto const cause = [&](std::string const& claims) {
    auto const checked = check_assertion(jwt(claims), ours, kNow);
    return checked ? "" : std::string(name_of(checked.error().cause));
  };
  EXPECT_EQ(cause(R"({"aud":"https://i.test"})"), "");
  EXPECT_EQ(cause(R"({"aud":"https://i.test/"})"), "");
  EXPECT_EQ(cause(R"({"aud":["x","https://i.test/token"]})"), "");
  for (auto const* const other :
       {R"({})", R"({"aud":[]})", R"({"aud":""})", R"({"aud":7})", R"({"aud":"https://i.test.evil"})",
        R"({"aud":"https://i.test/tok"})", R"({"aud":"http://i.test"})", R"({"aud":["x","y"]})"}) {
    EXPECT_EQ(cause(other), "policy") << other;
  }
  EXPECT_FALSE(check_assertion(jwt(R"({"aud":""})"), {"", ""}, kNow))
      << "who has no name is nobody's audience";
  EXPECT_EQ(check_assertion("opaque", ours, kNow).error().cause, Cause::config);
}

// Weir would read the first, and somebody else the second.
TEST(AssertionChecks, OneThatSaysSomethingTwiceIsNotSent) {
  for (auto const* const claims :
       {R"({"aud":"i","aud":"j"})", R"({"aud":"i","aud":"i"})", R"({"aud":"i","exp":1700000001,"exp":1})",
        R"({"aud":"i","sub":"a","sub":"b"})", R"({"aud":"i","iss":"a","iss":"b"})"}) {
    auto const checked = check_assertion(jwt(claims), {"i"}, kNow);
    ASSERT_FALSE(checked) << claims;
    EXPECT_EQ(checked.error().cause, Cause::config);
    EXPECT_NE(checked.error().description.find("twice"), std::string::npos);
  }
}

TEST(AssertionChecks, OneThatIsOverIsNotSent_RFC7523) {
  auto const at = [](int exp) {
    return check_assertion(jwt(R"({"aud":"i","exp":)" + std::to_string(exp) + "}"), {"i"}, kNow);
  };
  EXPECT_TRUE(at(1'700'000'001));
  EXPECT_FALSE(at(1'700'000'000));
  auto const over = at(1'699'999'999);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().cause, Cause::reauth);
  EXPECT_LE(over.error().remember, 10s) << "it may be replaced at any time";
}

}  // namespace
}  // namespace weir::oauth
