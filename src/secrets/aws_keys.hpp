// Where keys for AWS come from: variables, the shared credentials file, a container's or an instance's
// endpoint.
//
// Pure functions; the order of the chain is the shell's (vault/aws_keys_io.hpp). Source: AWS SDKs and Tools
// Reference, "Standardized credential providers".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "secrets/sigv4.hpp"

namespace weir::secrets {

using Variables = std::function<std::optional<std::string_view>(std::string_view name)>;

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN. None unless the first two are there.
std::optional<AwsKeys> keys_in_variables(Variables const& variable);

// The profile in the text of ~/.aws/credentials (sections, `name = value`, `#` and `;` begin comments). Other
// settings of a profile are passed over. None: no such profile, or not both keys in it.
std::optional<AwsKeys> keys_in_file(std::string_view text, std::string_view profile);

struct LentKeys {
  AwsKeys keys;
  std::optional<base::WallTime> ends;
};
// Answer of a container's or an instance's endpoint. Errors: protocol; `detail` holds no secret.
base::Result<LentKeys> keys_in_answer(std::string_view body);

// Whether AWS_CONTAINER_CREDENTIALS_FULL_URI may name this host: loopback, and the two link-local addresses
// that container platforms use. Keys and tokens must not go elsewhere in the clear.
bool is_container_host(std::string_view host) noexcept;

}  // namespace weir::secrets
