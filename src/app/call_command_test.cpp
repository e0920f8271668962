#include "app/call_command.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

using base::Blame;
using base::Error;
using base::Fault;

TEST(CallCommand, AGatewayThatIsNotTrustedIsNotTakenForOneThatIsNotThere) {
  auto const where = "https://127.0.0.1:6270/mcp";
  auto const distrusted = not_reached(
      where, Error(Fault::connect_failed, Blame::upstream, "TLS with 127.0.0.1: self-signed certificate"));
  EXPECT_EQ(distrusted.detail,
            "what answers at https://127.0.0.1:6270/mcp cannot be trusted: TLS with 127.0.0.1: self-signed "
            "certificate");
  EXPECT_NE(distrusted.hint.find("SSL_CERT_FILE"), std::string::npos);
  EXPECT_EQ(distrusted.hint.find("weir run"), std::string::npos);

  auto const absent = not_reached(where, Error(Fault::connect_failed, Blame::upstream,
                                               "cannot connect to 127.0.0.1:6270: Connection refused"));
  EXPECT_EQ(absent.detail, "no gateway answers at https://127.0.0.1:6270/mcp");
  EXPECT_NE(absent.hint.find("weir run"), std::string::npos);
}

TEST(CallCommand, APortWithoutTlsIsNotACertificateThatIsNotTrusted) {
  auto const plain =
      not_reached("https://127.0.0.1:6270/mcp",
                  Error(Fault::connect_failed, Blame::upstream,
                        "TLS with 127.0.0.1:6270: the port answers without TLS", base::Retry::always)
                      .advise("Write http:// in its url."));
  EXPECT_EQ(plain.detail,
            "what answers at https://127.0.0.1:6270/mcp cannot be asked: TLS with 127.0.0.1:6270: the port "
            "answers without TLS");
  EXPECT_EQ(plain.hint, "Write http:// in its url.");
}

TEST(CallCommand, WhatWantsAClientCertificateIsNotToBeTrustedMore) {
  auto const wants =
      not_reached("https://127.0.0.1:6270/mcp",
                  Error(Fault::connect_failed, Blame::gateway,
                        "TLS with 127.0.0.1: it wants a client certificate", base::Retry::never)
                      .advise("set `cert` and `key` in `servers.NAME.tls`"));
  EXPECT_EQ(wants.detail, "what answers at https://127.0.0.1:6270/mcp wants a client certificate");
  EXPECT_EQ(wants.hint.find("servers.NAME"), std::string::npos) << "that is for servers";
}

CallRequest request_of(std::string target, std::vector<std::string> words) {
  CallRequest request;
  request.target = std::move(target);
  request.words = std::move(words);
  return request;
}

TEST(CallCommand, ArgumentsThatNothingTakesAreNotDropped) {
  auto const blank = arguments_have_a_use(request_of("good", {"echo", "a=1"}));
  ASSERT_FALSE(blank);
  EXPECT_EQ(blank.error().hint, "did you mean `weir call good.echo`?");
  auto const nameless = arguments_have_a_use(request_of("good", {"a=1"}));
  ASSERT_FALSE(nameless);
  EXPECT_NE(nameless.error().hint.find("`weir call good.TOOL …`"), std::string::npos);
  EXPECT_FALSE(arguments_have_a_use(request_of("good", {"-"})));
  auto object = request_of("good", {});
  object.args = "{}";
  EXPECT_FALSE(arguments_have_a_use(object));
  auto reading = request_of("good", {"a=1"});
  reading.read = "file:///a";
  EXPECT_FALSE(arguments_have_a_use(reading));

  EXPECT_TRUE(arguments_have_a_use(request_of("good", {})));
  EXPECT_TRUE(arguments_have_a_use(request_of("good.echo", {"a=1"})));
  EXPECT_TRUE(arguments_have_a_use(request_of("good__echo", {"-"})));
  auto prompting = request_of("good", {"a=1"});
  prompting.prompt = "hello";
  EXPECT_TRUE(arguments_have_a_use(prompting));
}

TEST(CallCommand, ToolsThatAreWithheldAreNotDenied) {
  EXPECT_EQ(no_tools_text("s", 0), "the server `s` has no tools\n");
  EXPECT_EQ(no_tools_text("s", 3),
            "the server `s` offers no tools now; suspect: 3, which `weir tools s` shows\n");
}

}  // namespace
}  // namespace weir::app
