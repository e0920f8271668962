#include "bridge/state_seal.hpp"

#include <fmt/core.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <charconv>

#include "base/assert.hpp"
#include "mcp/canonical_json.hpp"

namespace weir::bridge {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::size_t kMacBytes = 16;
constexpr std::size_t kStateBytesMax = 256;
// `name` and `uri` stand in the binding as the server knows them.
constexpr std::array<std::string_view, 5> kNotOfTheRequest{"_meta", "inputResponses", "requestState", "name",
                                                           "uri"};

std::string digest_of(std::string_view text) {
  std::string out(32, '\0');
  unsigned size = 0;
  int const made = EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(out.data()), &size,
                              EVP_sha256(), nullptr);
  WEIR_ASSERT(made == 1 && size == out.size());
  return out;
}

}  // namespace

std::string binding_of(core::Call const& call, std::string_view server) {
  std::string out;
  for (std::string_view const part : {std::string_view(call.principal->id), server,
                                      mcp::traits_of(call.method).name, std::string_view(call.target)}) {
    out.append(std::to_string(part.size())).append(":").append(part);
  }
  return out + digest_of(mcp::canonical_object(call.request.raw(mcp::Field::params), kNotOfTheRequest));
}

std::string StateSealer::mac(std::string_view payload, std::string_view binding) const {
  auto const text = fmt::format("{}:{}{}", payload.size(), payload, binding);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  auto const* const made =
      HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
           reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest.data(), &size);
  WEIR_ASSERT(made != nullptr && size >= kMacBytes);
  std::string out;
  for (std::size_t i = 0; i < kMacBytes; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

std::string StateSealer::seal(std::string_view handle, std::string_view binding,
                              base::TimePoint expires) const {
  auto const at = duration_cast<milliseconds>(expires.time_since_epoch()).count();
  auto const payload = fmt::format("{}.{}", at, handle);
  return payload + '.' + mac(payload, binding);
}

std::optional<std::string> StateSealer::open(std::string_view state, std::string_view binding,
                                             base::TimePoint now) const {
  auto const end = state.rfind('.');
  if (end == std::string_view::npos || state.size() > kStateBytesMax) return std::nullopt;
  auto const payload = state.substr(0, end);
  auto const given = state.substr(end + 1);
  auto const due = mac(payload, binding);
  if (given.size() != due.size() || CRYPTO_memcmp(given.data(), due.data(), due.size()) != 0) {
    return std::nullopt;
  }
  std::int64_t at = 0;
  auto const read = std::from_chars(payload.data(), payload.data() + payload.size(), at);
  bool const over = duration_cast<milliseconds>(now.time_since_epoch()).count() >= at;
  if (read.ec != std::errc{} || over) return std::nullopt;
  return std::string(payload.substr(payload.find('.') + 1));
}

}  // namespace weir::bridge
