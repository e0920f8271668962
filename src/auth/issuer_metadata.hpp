// Where an issuer publishes what it is: the well-known addresses of RFC 8414 and OpenID Connect Discovery.
//
// Pure. What is found counts only if it names the issuer byte for byte.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::auth {

// In the order in which they are tried. `issuer` is an http or https URL.
std::vector<std::string> metadata_urls(std::string_view issuer);

// The address of the key set in a metadata document. Errors (protocol): no JSON object, another issuer, no
// address, or one without TLS where the issuer has it.
base::Result<std::string> jwks_url_of(std::string_view json, std::string_view issuer);

}  // namespace weir::auth
