#include "store/redis_keys.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include <charconv>

#include "base/assert.hpp"

namespace weir::store {
namespace {

constexpr std::size_t kHashBytes = 8;

template <class Number>
bool take_number(std::string_view& from, Number& into) {
  auto const got = std::from_chars(from.data(), from.data() + from.size(), into);
  if (got.ec != std::errc{}) return false;
  from.remove_prefix(static_cast<std::size_t>(got.ptr - from.data()));
  return true;
}

bool take_word(std::string_view& from, std::string& into) {
  if (from.empty() || from[0] != ' ') return false;
  from.remove_prefix(1);
  auto const word = from.substr(0, from.find(' '));
  if (word.empty()) return false;
  into = word == "-" ? std::string() : std::string(word);
  from.remove_prefix(word.size());
  return true;
}

}  // namespace

RedisKeys::RedisKeys(std::string prefix, StoreSecret const& secret)
    : prefix_(std::move(prefix)), key_(secret.derive("index")) {}

RedisKeys::~RedisKeys() { explicit_bzero(key_.data(), key_.size()); }

std::string RedisKeys::of_server(std::string_view server) const {
  StoreKey key;
  key.labels.server = server;
  auto const text = key.text();  // "mcp:{server}::{hash}"
  return own("of:").append(text, 4, text.find(':', 4) - 4);
}

std::string RedisKeys::hash(std::string_view kind, std::string_view text) const {
  if (text.empty()) return {};
  auto const said = std::string(kind).append(1, '\0').append(text);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  auto const* const made =
      HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
           reinterpret_cast<unsigned char const*>(said.data()), said.size(), digest, &size);
  WEIR_ASSERT(made != nullptr && size >= kHashBytes);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < kHashBytes; ++i) {
    out += kDigits[digest[i] >> 4U];
    out += kDigits[digest[i] & 15U];
  }
  return out;
}

std::string RedisKeys::row(Labels const& labels) const {
  auto const target = hash("target", labels.target);
  auto const who = hash("who", labels.who);
  return (target.empty() ? "-" : target) + " " + (who.empty() ? "-" : who);
}

std::optional<RedisRow> RedisKeys::parse_row(std::string_view key, std::string_view row) const {
  RedisRow out;
  auto const home = prefix_ + "mcp:";
  if (!key.starts_with(home)) return std::nullopt;
  key.remove_prefix(home.size());
  auto const first = key.find(':');
  auto const last = key.rfind(':');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  // The two names are encoded as in a selection, of which this makes one.
  auto const names = parse_selection(std::string(key.substr(0, first))
                                         .append("|")
                                         .append(key.substr(first + 1, last - first - 1))
                                         .append("||"));
  if (!names) return std::nullopt;
  out.labels.server = names->server;
  out.labels.operation = names->operation;
  if (!take_number(row, out.size) || !row.starts_with(' ')) return std::nullopt;
  row.remove_prefix(1);
  if (!take_number(row, out.ends)) return std::nullopt;
  if (!take_word(row, out.labels.target) || !take_word(row, out.labels.who)) return std::nullopt;
  return row.empty() ? std::optional(std::move(out)) : std::nullopt;
}

Selection RedisKeys::hashed(Selection what) const {
  what.target = hash("target", what.target);
  what.who = hash("who", what.who);
  return what;
}

}  // namespace weir::store
