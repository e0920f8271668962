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

}  // namespace
}  // namespace weir::app
