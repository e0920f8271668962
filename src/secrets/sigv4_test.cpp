#include "secrets/sigv4.hpp"

#include <gtest/gtest.h>

// Requests, keys and signatures as AWS publishes them.
namespace weir::secrets {
namespace {

constexpr std::string_view kDate = "20150830T123600Z";

AwsKeys keys() { return {"AKIDEXAMPLE", base::Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), {}}; }

using Pairs = std::vector<std::pair<std::string, std::string>>;

AwsRequest example(std::string_view method, Pairs query = {}, Pairs more = {}, std::string_view body = {},
                   std::string_view path = "/") {
  more.emplace_back("host", "example.amazonaws.com");
  more.emplace_back("x-amz-date", kDate);
  return {method, path, std::move(query), std::move(more), body};
}

std::string signature(AwsRequest const& request, AwsScope const& scope = {"us-east-1", "service"}) {
  auto const text = authorization(request, scope, keys(), kDate);
  return text.substr(text.find("Signature=") + 10);
}

TEST(SigV4, SignsTheExampleOfTheDocumentation_R052) {
  AwsRequest const request{"GET",
                           "/",
                           {{"Version", "2010-05-08"}, {"Action", "ListUsers"}},
                           {{"x-amz-date", std::string(kDate)},
                            {"host", "iam.amazonaws.com"},
                            {"content-type", "application/x-www-form-urlencoded; charset=utf-8"}},
                           ""};
  EXPECT_EQ(string_to_sign(request, {"us-east-1", "iam"}, kDate),
            "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"
            "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
  EXPECT_EQ(authorization(request, {"us-east-1", "iam"}, keys(), kDate),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST(SigV4, SignsThePublishedTestSuite_R052) {
  EXPECT_EQ(signature(example("GET")), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  EXPECT_EQ(signature(example("POST")), "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  EXPECT_EQ(signature(example("GET", {{"Param2", "value2"}, {"Param1", "value1"}})),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  EXPECT_EQ(signature(example("POST", {{"Param1", "value1"}})),
            "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11");
  EXPECT_EQ(signature(example("POST", {}, {{"content-type", "application/x-www-form-urlencoded"}},
                              "Param1=value1")),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
  EXPECT_EQ(signature(example("GET", {}, {}, "", "/\u1234")),
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
  EXPECT_EQ(signature(example("GET", {}, {}, "",
                              "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")),
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f");
  EXPECT_EQ(signature(example("GET", {}, {{"my-header1", " value1"}, {"my-header2", " \"a   b   c\""}})),
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
}

TEST(SigV4, EverythingThatIsSentIsSigned) {
  auto const plain = signature(example("POST", {}, {}, "{}"));
  EXPECT_NE(signature(example("POST", {}, {}, "{ }")), plain);
  EXPECT_NE(signature(example("POST", {}, {{"x-amz-security-token", "t"}}, "{}")), plain);
  EXPECT_NE(signature(example("PUT", {}, {}, "{}")), plain);
  EXPECT_NE(signature(example("POST", {}, {}, "{}", "/x")), plain);
  EXPECT_NE(signature(example("POST", {}, {}, "{}"), {"eu-west-1", "service"}), plain);
}

TEST(SigV4, WritesTheDateAsAwsWantsIt) {
  EXPECT_EQ(amz_date(base::WallTime{std::chrono::milliseconds{1'440'938'160'999}}), kDate);
}

}  // namespace
}  // namespace weir::secrets
