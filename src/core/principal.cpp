#include "core/principal.hpp"

namespace weir::core {

namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

// So that no tenant's name can be read as the beginning of another name.
std::string escaped(std::string_view tenant) {
  std::string out;
  for (char const c : tenant) {
    auto const byte = static_cast<unsigned char>(c);
    if (c == ':' || c == '%') {
      out.append(1, '%').append(1, kHexDigits[byte >> 4U]).append(1, kHexDigits[byte & 15U]);
    } else {
      out += c;
    }
  }
  return out;
}

// "issuer|subject" of an id that names a subject; "" for others.
std::string_view named_in(std::string_view id) noexcept {
  if (!id.starts_with("sub:") && !id.starts_with("sub@")) return {};
  return id.substr(id.find(':') + 1);  // there is none in an escaped tenant
}

}  // namespace

std::string subject_id(std::string_view issuer, std::string_view subject, std::string_view tenant) {
  std::string id = tenant.empty() ? "sub:" : "sub@" + escaped(tenant) + ":";
  return id.append(issuer).append(1, '|').append(subject);
}

bool is_id_of(std::string_view id, std::string_view issuer, std::string_view subject) noexcept {
  auto const named = named_in(id);
  return named.size() == issuer.size() + 1 + subject.size() && named.starts_with(issuer) &&
         named[issuer.size()] == '|' && named.ends_with(subject);
}

std::string_view issuer_of(Principal const& who) noexcept {
  auto const named = named_in(who.id);
  if (who.subject.empty() || named.size() <= who.subject.size()) return {};
  return named.substr(0, named.size() - who.subject.size() - 1);
}

}  // namespace weir::core
