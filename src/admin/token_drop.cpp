#include "admin/token_drop.hpp"

#include <fmt/format.h>

#include "admin/change_body.hpp"

namespace weir::admin {

base::Result<TokenDrop> parse_token_drop(std::string_view body) {
  TokenDrop drop;
  auto const read = read_body(body, {{"subject", &drop.subject}, {"issuer", &drop.issuer}});
  if (!read) return read.error();
  if (drop.subject.empty()) return refused_body("Say whose: `subject`, as the caller's token names them.");
  return drop;
}

std::string token_drop_body(TokenDrop drop) {
  return write_body({{"subject", &drop.subject}, {"issuer", &drop.issuer}});
}

std::string token_drop_answer(std::size_t dropped) {
  return fmt::format("{{\"version\":1,\"dropped\":{}}}\n", dropped);
}

}  // namespace weir::admin
