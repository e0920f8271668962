// Tokens and key sets as strangers write them. The input is a line each for: a token, a key set.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/base64url.hpp"
#include "fuzz/fuzz_text.hpp"
#include "jose/token.hpp"

namespace {

using namespace weir::jose;
using weir::fuzz::require;

TokenRules rules() {
  TokenRules made;
  made.issuer = "i";
  made.algorithms = {Algorithm::rs256, Algorithm::ps256, Algorithm::es256, Algorithm::eddsa};
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string_view const input(reinterpret_cast<char const*>(bytes), size);
  auto const line = input.substr(0, input.find('\n'));
  auto const rest = input.substr(std::min(line.size() + 1, input.size()));
  if (auto const decoded = weir::base::from_base64url(line)) {
    require(weir::base::to_base64url(*decoded) == line, "one text for each value");
  }
  auto const keys = KeySet::parse(rest);
  static TokenRules const kRules = rules();
  auto read = read_token(line, kRules);
  if (!read) return 0;
  require(read->claims.text("iss") == "i", "the issuer is the expected one");
  if (!keys) return 0;
  auto const proven = prove_token(*std::move(read), kRules, *keys, weir::base::WallTime{});
  require(!proven || proven->expires > weir::base::WallTime{} - kSkewMax, "what is proven has not expired");
  return 0;
}
