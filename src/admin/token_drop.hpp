// TokenDrop: whose tokens at servers somebody wants dropped, as it comes over the admin API.
//
// Values and pure functions; the body is one of change_body.hpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace weir::admin {

struct TokenDrop {
  std::string subject;  // exact
  std::string issuer;   // exact; "": each one that callers are accepted from
};

// Errors: invalid_input, with a sentence for the caller.
base::Result<TokenDrop> parse_token_drop(std::string_view body);
std::string token_drop_body(TokenDrop drop);  // what parse_token_drop() reads
std::string token_drop_answer(std::size_t dropped);

}  // namespace weir::admin
