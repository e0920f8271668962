#include "auth/credential_form.hpp"

#include <algorithm>

#include "net/http_fields.hpp"

namespace weir::auth {
namespace {

bool is_token68(std::string_view text) noexcept {
  auto const end = text.find_last_not_of('=') + 1;  // 0: there is nothing else
  auto const allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~+/").find(c) != std::string_view::npos;
  };
  return end > 0 && std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), allowed);
}

void skip_blanks(std::string_view& text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

// Takes a parameter's value off the front: a quoted string, or all up to a blank or comma.
bool take_value(std::string_view& text) noexcept {
  if (!text.starts_with('"')) {
    auto const end = std::min(text.find_first_of(" \t,\""), text.size());
    text.remove_prefix(end);
    return end > 0;
  }
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

// name = value, with commas between.
bool are_parameters(std::string_view text) noexcept {
  for (;;) {
    auto const name = net::token_length(text);
    text.remove_prefix(name);
    skip_blanks(text);
    if (name == 0 || !text.starts_with('=')) return false;
    text.remove_prefix(1);
    skip_blanks(text);
    if (!take_value(text)) return false;
    skip_blanks(text);
    if (text.empty()) return true;
    if (!text.starts_with(',')) return false;
    text.remove_prefix(1);
    skip_blanks(text);
  }
}

}  // namespace

bool is_credential(std::string_view authorization) noexcept {
  auto const scheme = authorization.substr(0, net::token_length(authorization));
  if (scheme.empty()) return false;
  bool const bearer = net::same_name(scheme, "bearer");
  std::string_view shown = authorization.substr(scheme.size());
  if (shown.empty()) return !bearer;
  if (shown.front() != ' ') return false;
  skip_blanks(shown);
  return is_token68(shown) || (!bearer && are_parameters(shown));
}

}  // namespace weir::auth
