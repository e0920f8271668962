#include "cache/answer_key.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/assert.hpp"
#include "mcp/canonical_json.hpp"

namespace weir::cache {

using mcp::Field;

namespace {

constexpr std::string_view kFormat = "weir 1";

// One for each thread: making one costs more than the digest.
EVP_MD_CTX* context() {
  struct Free {
    void operator()(EVP_MD_CTX* c) const noexcept { EVP_MD_CTX_free(c); }
  };
  thread_local std::unique_ptr<EVP_MD_CTX, Free> const made(EVP_MD_CTX_new());
  WEIR_ASSERT(made != nullptr);
  return made.get();
}

EVP_MD const* sha256() {
  static EVP_MD const* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  WEIR_ASSERT(fetched != nullptr);
  return fetched;
}

void feed(EVP_MD_CTX* to, void const* bytes, std::size_t size) {
  WEIR_ASSERT(EVP_DigestUpdate(to, bytes, size) == 1);
}

std::uint64_t number_at(unsigned char const* bytes) noexcept {
  std::uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8U | bytes[i];
  return number;
}

// The arguments without those that do not matter, and the other members of params.
void append_params(core::Call const& call, std::vector<std::string> const& ignored,
                   std::vector<std::string>& out) {
  constexpr std::array<std::string_view, 4> kElsewhere{"_meta", "name", "uri", "arguments"};
  out.push_back(mcp::canonical_object(call.request.raw(Field::params), kElsewhere));
  auto const arguments = call.request.raw(Field::arguments);
  if (ignored.empty() || !arguments.starts_with('{')) {
    out.push_back(arguments.empty() ? std::string() : mcp::canonical_json(arguments));
    return;
  }
  std::vector<std::string_view> const without(ignored.begin(), ignored.end());
  out.push_back(mcp::canonical_object(arguments, without));
}

}  // namespace

base::Digest AnswerKeys::digest(std::span<std::string_view const> fields) const {
  auto* const to = context();
  WEIR_ASSERT(EVP_DigestInit_ex2(to, sha256(), nullptr) == 1);
  feed(to, secret_.data(), secret_.size());
  for (auto const field : fields) {
    auto const size = static_cast<std::uint64_t>(field.size());
    feed(to, &size, sizeof size);
    feed(to, field.data(), field.size());
  }
  std::array<unsigned char, 32> out{};
  WEIR_ASSERT(EVP_DigestFinal_ex(to, out.data(), nullptr) == 1);
  return {number_at(out.data()), number_at(out.data() + 8)};
}

base::Digest AnswerKeys::question(core::Call const& call, std::string_view server, std::string_view revision,
                                  std::vector<std::string> const& ignored) const {
  std::vector<std::string> params;
  append_params(call, ignored, params);
  auto const able = call.modern()  ? call.request.raw(Field::meta_client_capabilities)
                    : call.session ? std::string_view(call.session->capabilities)
                                   : std::string_view();
  auto const abilities = able.empty() ? std::string() : mcp::canonical_json(able);
  std::array<std::string_view, 9> const fields{kFormat,
                                               mcp::text_of(call.revision),
                                               server,
                                               revision,
                                               mcp::traits_of(call.method).name,
                                               call.target,
                                               params[0],
                                               params[1],
                                               abilities};
  return digest(fields);
}

base::Digest AnswerKeys::partition(core::Principal const& principal, PartitionBy by,
                                   std::string_view session) const {
  std::vector<std::string_view> fields{"partition", principal.kind, principal.id, session};
  auto groups = principal.groups;
  if (by == PartitionBy::token) {
    fields.push_back(principal.credential);
  } else {
    std::sort(groups.begin(), groups.end());
    fields.insert(fields.end(), groups.begin(), groups.end());
  }
  return digest(fields);
}

std::string AnswerKeys::who(std::string_view principal_id) const {
  std::array<std::string_view, 2> const fields{"who", principal_id};
  return base::hex_of(digest(fields));
}

base::Digest within(base::Digest const& question, base::Digest const& partition) noexcept {
  auto const low = question.low + partition.low;
  return {question.high + partition.high + (low < question.low ? 1U : 0U), low};
}

}  // namespace weir::cache
