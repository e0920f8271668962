#include "secrets/sigv4.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/assert.hpp"

namespace weir::secrets {
namespace {

using Digest = std::array<unsigned char, 32>;

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string hex(Digest const& digest) {
  std::string out;
  for (auto const byte : digest) out += fmt::format("{:02x}", byte);
  return out;
}

std::string sha256_hex(std::string_view text) {
  Digest digest;
  unsigned size = 0;
  int const made = EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  WEIR_ASSERT(made == 1 && size == digest.size());
  return hex(digest);
}

Digest hmac(void const* key, std::size_t key_bytes, std::string_view text) {
  Digest digest;
  unsigned size = 0;
  auto const* const made =
      HMAC(EVP_sha256(), key, static_cast<int>(key_bytes),
           reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest.data(), &size);
  WEIR_ASSERT(made != nullptr && size == digest.size());
  return digest;
}

Digest hmac(Digest const& key, std::string_view text) { return hmac(key.data(), key.size(), text); }

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string encoded(std::string_view text, std::string_view also) {
  std::string out;
  for (char const c : text) {
    if (is_unreserved(c) || also.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

// Without spaces at the ends, and with one where there were several.
std::string trimmed(std::string_view value) {
  std::string out;
  for (char const c : value) {
    bool const space = c == ' ' || c == '\t';
    if (space && (out.empty() || out.back() == ' ')) continue;
    out += space ? ' ' : c;
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

std::vector<std::pair<std::string, std::string>> sorted(
    std::vector<std::pair<std::string, std::string>> pairs) {
  std::stable_sort(pairs.begin(), pairs.end());
  return pairs;
}

std::vector<std::pair<std::string, std::string>> fields_of(AwsRequest const& request) {
  std::vector<std::pair<std::string, std::string>> out;
  for (auto const& [name, value] : request.fields) out.emplace_back(name, trimmed(value));
  std::stable_sort(out.begin(), out.end(), [](auto const& a, auto const& b) { return a.first < b.first; });
  return out;
}

std::string signed_names(AwsRequest const& request) {
  std::string out;
  for (auto const& [name, value] : fields_of(request)) out.append(out.empty() ? "" : ";").append(name);
  return out;
}

std::string scope_text(AwsScope const& scope, std::string_view date) {
  return fmt::format("{}/{}/{}/aws4_request", date.substr(0, 8), scope.region, scope.service);
}

}  // namespace

std::string amz_date(base::WallTime at) {
  using namespace std::chrono;
  auto const day = floor<days>(at);
  year_month_day const date(day);
  hh_mm_ss const time(floor<seconds>(at - day));
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::string canonical_request(AwsRequest const& request) {
  std::vector<std::pair<std::string, std::string>> query;
  for (auto const& [name, value] : request.query) query.emplace_back(encoded(name, ""), encoded(value, ""));
  std::string pairs;
  for (auto const& [name, value] : sorted(std::move(query)))
    pairs.append(pairs.empty() ? "" : "&").append(name).append("=").append(value);
  std::string fields;
  for (auto const& [name, value] : fields_of(request))
    fields.append(name).append(":").append(value).append("\n");
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, encoded(request.path, "/"), pairs, fields,
                     signed_names(request), sha256_hex(request.body));
}

std::string string_to_sign(AwsRequest const& request, AwsScope const& scope, std::string_view date) {
  return fmt::format("{}\n{}\n{}\n{}", kAlgorithm, date, scope_text(scope, date),
                     sha256_hex(canonical_request(request)));
}

std::string authorization(AwsRequest const& request, AwsScope const& scope, AwsKeys const& keys,
                          std::string_view date) {
  std::string first;
  first.reserve(4 + keys.secret.reveal().size());
  first.append("AWS4").append(keys.secret.reveal());
  auto key = hmac(first.data(), first.size(), date.substr(0, 8));
  explicit_bzero(first.data(), first.size());
  for (std::string_view const part :
       {std::string_view(scope.region), std::string_view(scope.service), std::string_view("aws4_request")}) {
    key = hmac(key, part);
  }
  auto const signature = hmac(key, string_to_sign(request, scope, date));
  explicit_bzero(key.data(), key.size());
  return fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm, keys.id,
                     scope_text(scope, date), signed_names(request), hex(signature));
}

}  // namespace weir::secrets
