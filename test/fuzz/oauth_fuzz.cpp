// What strangers write about OAuth: challenges, metadata, token answers, what comes back from a sign-in.
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "oauth/challenge.hpp"
#include "oauth/flat_object.hpp"
#include "oauth/metadata.hpp"
#include "oauth/sign_in.hpp"
#include "oauth/token_answer.hpp"

namespace {

using namespace weir;

void read_all(std::string_view text) {
  static_cast<void>(oauth::Challenge::parse(text));
  static auto const server = *net::parse_url("https://s.test/mcp");
  auto const resource = oauth::read_resource_metadata(text, server, false);
  WEIR_ASSERT(!resource || !resource->authorization_servers.empty());
  auto const issuer = oauth::read_issuer_metadata(text, "https://i.test");
  WEIR_ASSERT(!issuer || issuer->issuer == "https://i.test");
  static_cast<void>(oauth::peek(text));
  auto const shown = oauth::cleaned(text, oauth::OAuthError::kDescriptionMax, {});
  WEIR_ASSERT(shown.size() <= oauth::OAuthError::kDescriptionMax);
  for (char const c : shown) WEIR_ASSERT(c >= 0x20 && c < 0x7f);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  read_all(text);
  net::FetchedReply reply;
  reply.status = 200;
  reply.body = text;
  auto const answer = oauth::read_answer(reply, {}, {});
  WEIR_ASSERT(!answer || !answer->access_token.empty());
  base::SeededRandom random(1);
  oauth::SignInAt at;
  at.authorization_endpoint = *net::parse_url("https://i.test/a");
  oauth::SignIn attempt(at, random, base::TimePoint{});
  WEIR_ASSERT(!attempt.returned(text, base::TimePoint{}));  // nobody guesses the state
  return 0;
}
