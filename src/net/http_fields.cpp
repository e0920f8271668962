#include "net/http_fields.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir::net {
namespace {

using ByteSet = std::array<bool, 256>;

constexpr ByteSet letters_digits_and(std::string_view others) {
  ByteSet set{};
  for (char const c : others) set[static_cast<unsigned char>(c)] = true;
  for (unsigned c = '0'; c <= '9'; ++c) set[c] = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) set[c] = set[c - 'a' + 'A'] = true;
  return set;
}

constexpr ByteSet kTokenBytes = letters_digits_and("!#$%&'*+-.^_`|~");
constexpr ByteSet kTargetBytes = letters_digits_and("-._~:/?[]@!$&'()*+,;=%");

std::size_t length_within(ByteSet const& set, std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size() && set[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

constexpr bool is_control(unsigned char byte) noexcept {
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

// Eight bytes at once. They may differ in nothing but the bit between a letter's two cases.
bool same_eight(char const* a, char const* b) noexcept {
  std::uint64_t first = 0;
  std::uint64_t other = 0;
  std::memcpy(&first, a, sizeof first);
  std::memcpy(&other, b, sizeof other);
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  std::uint64_t const differs = first ^ other;
  if (differs == 0) return true;
  if ((differs & ~(0x20 * kOnes)) != 0) return false;
  std::uint64_t const low7 = (first | 0x20 * kOnes) & (0x7f * kOnes);
  std::uint64_t const at_least_a = low7 + (0x80 - 'a') * kOnes;
  std::uint64_t const beyond_z = low7 + (0x7f - 'z') * kOnes;
  std::uint64_t const letters = (at_least_a ^ beyond_z) & ~first & (0x80 * kOnes);
  return (differs & ~(letters >> 2)) == 0;
}

bool same_letters(char const* a, char const* b, std::size_t size) noexcept {
  if (size < 8) {
    for (std::size_t i = 0; i < size; ++i) {
      if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
  }
  for (std::size_t i = 0; i + 8 <= size; i += 8) {
    if (!same_eight(a + i, b + i)) return false;
  }
  return size % 8 == 0 || same_eight(a + size - 8, b + size - 8);
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool covers(std::string_view single, std::string_view name) noexcept {
  if (!single.ends_with('*')) return same_name(single, name);
  single.remove_suffix(1);
  return name.size() >= single.size() && same_name(single, name.substr(0, single.size()));
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  // Most names of one length begin differently: this settles them without a call.
  if (!a.empty() && ((a.front() ^ b.front()) & ~0x20) != 0) return false;
  return same_letters(a.data(), b.data(), a.size());
}

std::size_t token_length(std::string_view text) noexcept { return length_within(kTokenBytes, text); }

std::size_t target_length(std::string_view text) noexcept { return length_within(kTargetBytes, text); }

bool is_origin_target(std::string_view text) noexcept {
  return text.starts_with('/') && target_length(text) == text.size();
}

std::size_t find_control(std::string_view text) noexcept {
  std::size_t at = 0;
#if defined(__SSE2__)
  __m128i const highest_control = _mm_set1_epi8(0x1f);
  __m128i const tab = _mm_set1_epi8('\t');
  __m128i const del = _mm_set1_epi8(0x7f);
  for (; at + 16 <= text.size(); at += 16) {
    __m128i const bytes = _mm_loadu_si128(reinterpret_cast<__m128i const*>(text.data() + at));
    __m128i const low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, highest_control), bytes);
    __m128i const bad =
        _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), low), _mm_cmpeq_epi8(bytes, del));
    auto const mask = static_cast<unsigned>(_mm_movemask_epi8(bad));
    if (mask != 0) return at + static_cast<std::size_t>(__builtin_ctz(mask));
  }
#endif
  while (at < text.size() && !is_control(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

bool is_token(std::string_view text) noexcept { return !text.empty() && token_length(text) == text.size(); }

bool is_field_value(std::string_view text) noexcept { return find_control(text) == text.size(); }

bool list_contains(std::string_view list, std::string_view token) noexcept {
  while (true) {
    std::size_t const comma = list.find(',');
    if (same_name(trim(list.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

// Says nothing of case: the bit that differs between the cases of a letter is left out.
std::uint8_t Fields::tag_of(std::string_view name) noexcept {
  auto const letter = [&](std::size_t at) { return static_cast<unsigned char>(name[at]) & ~0x20U; };
  return static_cast<std::uint8_t>(name.size() ^ letter(0) << 1 ^ letter(name.size() - 1) * 5);
}

bool Fields::add(Field field) noexcept {
  if (count_ == kCapacity) return false;
  tags_[count_] = tag_of(field.name);
  fields_[count_++] = field;
  return true;
}

Field const* Fields::find(std::string_view name) const noexcept {
  if (name.empty()) return nullptr;
  std::uint8_t const tag = tag_of(name);
#if defined(__SSE2__)
  __m128i const wanted = _mm_set1_epi8(static_cast<char>(tag));
  for (std::size_t from = 0; from < count_; from += 16) {
    __m128i const tags = _mm_loadu_si128(reinterpret_cast<__m128i const*>(tags_.data() + from));
    auto fits = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(tags, wanted)));
    if (count_ - from < 16) fits &= (1U << (count_ - from)) - 1;
    for (; fits != 0; fits &= fits - 1) {
      Field const& field = fields_[from + static_cast<std::size_t>(__builtin_ctz(fits))];
      if (same_name(field.name, name)) return &field;
    }
  }
#else
  for (std::size_t i = 0; i < count_; ++i) {
    if (tags_[i] == tag && same_name(fields_[i].name, name)) return &fields_[i];
  }
#endif
  return nullptr;
}

std::string_view Fields::value(std::string_view name) const noexcept {
  Field const* const field = find(name);
  return field == nullptr ? std::string_view{} : field->value;
}

std::string_view Fields::duplicated(std::span<std::string_view const> singles) const noexcept {
  for (Field const* first = begin(); first != end(); ++first) {
    for (Field const* other = first + 1; other != end(); ++other) {
      if (first->name.size() != other->name.size() || !same_name(first->name, other->name)) continue;
      auto const covering = [&](std::string_view single) { return covers(single, first->name); };
      if (std::any_of(singles.begin(), singles.end(), covering)) return other->name;
    }
  }
  return {};
}

}  // namespace weir::net
