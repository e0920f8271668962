// SigV4: signs a request to AWS (Signature Version 4, signed headers, one chunk).
//
// Pure functions. The caller gives the time; AWS refuses what is more than 15 minutes off. Source: "Signature
// Version 4 signing process" and its published test suite, which the tests repeat.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"

namespace weir::secrets {

struct AwsKeys {
  std::string id;
  base::Secret secret;
  base::Secret session;  // token of temporary keys; may be empty
};

struct AwsScope {
  std::string region;   // "eu-central-1"
  std::string service;  // "secretsmanager"
};

struct AwsRequest {
  std::string_view method = "POST";
  std::string_view path = "/";  // as text, not percent-encoded
  std::vector<std::pair<std::string, std::string>> query = {};
  std::vector<std::pair<std::string, std::string>> fields = {};  // lower-case names; all of them are signed
  std::string_view body = {};
};

std::string amz_date(base::WallTime at);  // "20150830T123600Z"; belongs into fields as x-amz-date
std::string canonical_request(AwsRequest const& request);
std::string string_to_sign(AwsRequest const& request, AwsScope const& scope, std::string_view date);
// Value of the Authorization field. `date` is that of amz_date().
std::string authorization(AwsRequest const& request, AwsScope const& scope, AwsKeys const& keys,
                          std::string_view date);

}  // namespace weir::secrets
