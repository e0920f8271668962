#include "secrets/encoded_forms.hpp"

#include <string.h>  // explicit_bzero

#include <algorithm>
#include <string>
#include <utility>

#include "base/base64url.hpp"

namespace weir::secrets {
namespace {

constexpr std::string_view kUpper = "0123456789ABCDEF";
constexpr std::string_view kLower = "0123456789abcdef";

struct Scratch {
  std::string text;
  ~Scratch() { explicit_bzero(text.data(), text.size()); }
};

// What stays as it is besides letters and digits, and what a space becomes.
struct UrlCode {
  std::string_view stays;
  bool plus_for_space;
};
constexpr UrlCode kUrlCodes[] = {{"-._~", false}, {"*-._", true}};  // RFC 3986; forms

bool is_letter_or_digit(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

Scratch url_encoded(std::string_view value, UrlCode const& code, std::string_view digits) {
  Scratch out;
  out.text.reserve(3 * value.size());
  for (char const c : value) {
    auto const byte = static_cast<unsigned char>(c);
    if (is_letter_or_digit(c) || code.stays.find(c) != std::string_view::npos) {
      out.text += c;
    } else if (c == ' ' && code.plus_for_space) {
      out.text += '+';
    } else {
      out.text.append(1, '%').append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
    }
  }
  return out;
}

Scratch json_escaped(std::string_view value) {
  constexpr std::string_view kSpecial = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  Scratch out;
  out.text.reserve(6 * value.size());
  for (char const c : value) {
    auto const byte = static_cast<unsigned char>(c);
    if (auto const at = kSpecial.find(c); at != std::string_view::npos) {
      out.text.append(1, '\\').append(1, kLetters[at]);
    } else if (byte < 0x20) {
      out.text.append("\\u00").append(1, kLower[byte >> 4U]).append(1, kLower[byte & 15U]);
    } else {
      out.text += c;
    }
  }
  return out;
}

class Forms {
 public:
  explicit Forms(std::string_view value) : value_(value) {}

  void add(std::string_view form) {
    bool const known = form == value_ || std::any_of(found_.begin(), found_.end(), [form](auto const& other) {
                         return other.reveal() == form;
                       });
    if (!known) found_.emplace_back(form);
  }

  // A digit is 6 bits; those of `text` begin behind as many bytes as may stand before it in a group of three.
  void add_base64(std::string_view text, std::string (*encode)(std::string_view)) {
    for (std::size_t before = 0; before < 3; ++before) {
      Scratch bytes;
      bytes.text.reserve(before + text.size());
      bytes.text.append(before, '\0').append(text);
      Scratch const code{encode(bytes.text)};
      auto const begin = (8 * before + 5) / 6;
      auto const end = 8 * bytes.text.size() / 6;
      if (end >= begin + kBase64Min) add(std::string_view(code.text).substr(begin, end - begin));
    }
  }

  std::vector<base::Secret> take() { return std::move(found_); }

 private:
  std::string_view value_;
  std::vector<base::Secret> found_;
};

}  // namespace

std::vector<base::Secret> encoded_forms(std::string_view value) {
  if (value.size() > kEncodedValueBytesMax) return {};
  Forms forms(value);
  forms.add(json_escaped(value).text);
  forms.add_base64(value, base::to_base64);
  forms.add_base64(value, base::to_base64url);
  for (auto const& code : kUrlCodes) {
    auto const upper = url_encoded(value, code, kUpper);
    forms.add(upper.text);
    forms.add(url_encoded(value, code, kLower).text);
    forms.add_base64(upper.text, base::to_base64);
  }
  return forms.take();
}

}  // namespace weir::secrets
