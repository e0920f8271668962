#include "cache/answer_key.hpp"

#include <openssl/evp.h>
#include <string.h>  // explicit_bzero

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

// The fields of a digest as one text: each with its length before it.
class FieldText {
 public:
  explicit FieldText(std::size_t bytes) { text_.reserve(bytes); }

  void add(std::string_view field) {
    append_size(field.size());
    text_.append(field);
  }
  template <class Append>
  void add_written(Append&& append) {
    auto const at = text_.size();
    append_size(0);
    append(text_);
    auto const size = static_cast<std::uint64_t>(text_.size() - at - sizeof(std::uint64_t));
    std::memcpy(text_.data() + at, &size, sizeof size);
  }
  std::string_view view() const noexcept { return text_; }
  void wipe() noexcept { explicit_bzero(text_.data(), text_.size()); }

 private:
  void append_size(std::uint64_t size) { text_.append(reinterpret_cast<char const*>(&size), sizeof size); }
  std::string text_;
};

// The other members of params, and the arguments without those that do not matter.
void append_params(core::Call const& call, std::vector<std::string> const& ignored, FieldText& to) {
  constexpr std::array<std::string_view, 4> kElsewhere{"_meta", "name", "uri", "arguments"};
  to.add_written([&](std::string& out) {
    mcp::append_canonical_object(out, call.request.raw(Field::params), kElsewhere);
  });
  auto const arguments = call.request.raw(Field::arguments);
  to.add_written([&](std::string& out) {
    if (ignored.empty() || !arguments.starts_with('{')) return mcp::append_canonical(out, arguments);
    std::vector<std::string_view> const without(ignored.begin(), ignored.end());
    mcp::append_canonical_object(out, arguments, without);
  });
}

}  // namespace

base::Digest AnswerKeys::digest_of(std::string_view fields) const {
  auto* const to = context();
  WEIR_ASSERT(EVP_DigestInit_ex2(to, sha256(), nullptr) == 1);
  feed(to, secret_.data(), secret_.size());
  feed(to, fields.data(), fields.size());
  std::array<unsigned char, 32> out{};
  WEIR_ASSERT(EVP_DigestFinal_ex(to, out.data(), nullptr) == 1);
  return {number_at(out.data()), number_at(out.data() + 8)};
}

// Credentials may be among the fields: their text is made in one piece, and wiped.
base::Digest AnswerKeys::digest(std::span<std::string_view const> fields) const {
  std::size_t bytes = 0;
  for (auto const field : fields) bytes += sizeof(std::uint64_t) + field.size();
  FieldText text(bytes);
  for (auto const field : fields) text.add(field);
  auto const made = digest_of(text.view());
  text.wipe();
  return made;
}

base::Digest AnswerKeys::question(core::Call const& call, std::string_view server, std::string_view revision,
                                  std::vector<std::string> const& ignored) const {
  FieldText text(256 + call.request.raw(Field::params).size());
  for (auto const field : {kFormat, mcp::text_of(call.revision), server, revision,
                           mcp::traits_of(call.method).name, std::string_view(call.target)}) {
    text.add(field);
  }
  append_params(call, ignored, text);
  auto const able = call.modern()  ? call.request.raw(Field::meta_client_capabilities)
                    : call.session ? std::string_view(call.session->capabilities)
                                   : std::string_view();
  text.add_written([able](std::string& out) { mcp::append_canonical(out, able); });
  return digest_of(text.view());
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
