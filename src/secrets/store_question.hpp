// StoreQuestion: one HTTP request to a secret store, as its brain wants it sent.
//
// A value. The shell adds the address and sends it (vault/store_io.hpp). What answers is a status and a body.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/secret.hpp"

namespace weir::secrets {

struct StoreQuestion {
  std::string method = "GET";
  std::string target;                                        // path and query, percent-encoded
  std::vector<std::pair<std::string, base::Secret>> fields;  // all of them; Host comes from the address
  base::Secret body;
  std::vector<base::Secret> credentials;  // that it was made with: no text made of the answer has one
};

}  // namespace weir::secrets
