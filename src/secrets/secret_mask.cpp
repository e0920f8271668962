#include "secrets/secret_mask.hpp"

#include <string.h>  // explicit_bzero

#include <algorithm>

#include "secrets/encoded_forms.hpp"

namespace weir::secrets {
namespace {

std::size_t first_pair(std::string_view text) {
  return static_cast<std::size_t>(static_cast<unsigned char>(text[0])) << 8 |
         static_cast<unsigned char>(text[1]);
}

}  // namespace

SecretMask::SecretMask(std::span<base::Secret const> values) {
  for (auto const& secret : values) {
    auto rest = secret.reveal();
    add(rest);
    if (rest.size() >= kBytesMin) {
      for (auto const& form : encoded_forms(rest)) add(form.reveal());
    }
    if (rest.find('\n') == std::string_view::npos) continue;
    while (!rest.empty()) {
      auto const end = std::min(rest.find('\n'), rest.size());
      if (!rest.starts_with("-----")) add(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  std::sort(values_.begin(), values_.end(), [](base::Secret const& left, base::Secret const& right) {
    auto const a = left.reveal();
    auto const b = right.reveal();
    if (first_pair(a) != first_pair(b)) return first_pair(a) < first_pair(b);
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
}

void SecretMask::add(std::string_view value) {
  if (value.ends_with('\r')) value.remove_suffix(1);
  if (value.size() < kBytesMin) return;
  begins_.set(first_pair(value));
  values_.emplace_back(value);
}

std::size_t SecretMask::match_at(std::string_view text, std::size_t at) const {
  auto const rest = text.substr(at);
  auto const pair = first_pair(rest);
  auto candidate = std::lower_bound(
      values_.begin(), values_.end(), pair,
      [](base::Secret const& secret, std::size_t p) { return first_pair(secret.reveal()) < p; });
  for (; candidate != values_.end() && first_pair(candidate->reveal()) == pair; ++candidate) {
    if (rest.starts_with(candidate->reveal())) return candidate->reveal().size();
  }
  return 0;
}

std::size_t SecretMask::apply(std::string& text) const {
  if (values_.empty() || text.size() < kBytesMin) return 0;
  std::size_t count = 0;
  std::size_t out =
      0;  // everything before is final; never ahead of `at`, since *** is shorter than any value
  std::size_t at = 0;
  while (at + kBytesMin <= text.size()) {
    std::size_t const length =
        begins_.test(first_pair(std::string_view(text).substr(at, 2))) ? match_at(text, at) : 0;
    if (length == 0) {
      text[out++] = text[at++];
      continue;
    }
    ++count;
    for (int i = 0; i < 3; ++i) text[out++] = '*';
    at += length;
  }
  while (at < text.size()) text[out++] = text[at++];
  explicit_bzero(text.data() + out, text.size() - out);  // the end of a text that had a secret, as it was
  text.resize(out);
  return count;
}

std::string SecretMask::masked(std::string_view text) const {
  std::string copy(text);
  apply(copy);
  return copy;
}

}  // namespace weir::secrets
