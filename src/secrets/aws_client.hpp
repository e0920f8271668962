// AwsClient: how AWS Secrets Manager is asked for a secret, and how its answers are read.
//
// Pure functions. The body of an answer holds the secret; errors and versions taken from it hold none of the
// keys that it was asked with, nor its signature. Source: AWS Secrets Manager API reference, GetSecretValue
// (JSON 1.1 over HTTPS, Signature Version 4).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "secrets/secret_table.hpp"
#include "secrets/sigv4.hpp"
#include "secrets/store_question.hpp"

namespace weir::secrets {

// `host` is what the Host field will say. `name`: a name or an ARN.
StoreQuestion aws_question(std::string_view name, std::string_view host, std::string_view region,
                           AwsKeys const& keys, base::WallTime wall);

// The secret's string under the empty key and, where it is a JSON object, each of its texts under its name.
// Errors: denied (also a bad signature), not_found, unavailable, protocol (a binary secret, too). `sent`: the
// question's credentials.
base::Result<StoreAnswer> aws_answer(int status, std::string_view body,
                                     std::span<base::Secret const> sent = {});

}  // namespace weir::secrets
