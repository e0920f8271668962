#include "auth/credential_form.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::auth {
namespace {

TEST(CredentialForm, WhatRfc9110CallsACredentialIsOne) {
  for (char const* const text :
       {"Bearer abc", "bearer abc", "BEARER a.b-c_d~e+f/g==", "Bearer  abc", "Basic dXNlcjpwYXNz",
        "Basic YTpi==", "Negotiate", "sk-0123456789abcdef",
        R"(Digest username="a, b", realm="say \"hi\"", nc=00000001)", "Digest a = b ,c=\"\"",
        "AWS4-HMAC-SHA256 Credential=AKID/20260728/eu/mcp/aws4_request, SignedHeaders=host;date, "
        "Signature=0f"}) {
    EXPECT_TRUE(is_credential(text)) << text;
  }
  EXPECT_TRUE(is_credential("Bearer " + std::string(32 * 1024, 'a'))) << "too long is another matter";
}

TEST(CredentialForm, EverythingElseIsNone) {
  for (char const* const text : {"",
                                 " ",
                                 "Bearer",
                                 "bearer",
                                 "Bearer ",
                                 "Bearer =",
                                 "Bearer a b",
                                 "Bearer a,b",
                                 "Bearer a, Bearer b",
                                 "Bearer a, Basic b",
                                 "Basic dXNlcjpwYXNz, Bearer abc",
                                 "Basic YQ==, Bearer abc",
                                 "Bearer \"abc\"",
                                 "Bearer ${TOKEN}",
                                 "Bearer a=b",
                                 "Bearer a=b=",
                                 "Bearer realm=\"x\"",
                                 "Bearer:abc",
                                 "Bearer\tabc",
                                 "user:password",
                                 "\"abc\"",
                                 "(garbage)",
                                 "Foo %%",
                                 "Foo a b",
                                 "Foo a=\"b",
                                 "Foo a=b c=d",
                                 "Foo a=b,",
                                 "Foo ,",
                                 "Foo a=\"b\\",
                                 "Bearer \xC3\xA4"}) {
    EXPECT_FALSE(is_credential(text)) << text;
  }
}

}  // namespace
}  // namespace weir::auth
