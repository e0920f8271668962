#include "secrets/secret_reference.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace weir::secrets {
namespace {

constexpr std::array<std::pair<std::string_view, Store>, 4> kStores{
    {{"file", Store::file}, {"cred", Store::cred}, {"vault", Store::vault}, {"aws-sm", Store::aws}}};

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    auto const byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

// A path that a server would take for another one than it says.
bool strays(std::string_view path) {
  for (std::size_t at = 0;;) {
    auto const end = path.find('/', at);
    auto const part = path.substr(at, end == std::string_view::npos ? end : end - at);
    if (part.empty() || part == "." || part == "..") return true;
    if (end == std::string_view::npos) return false;
    at = end + 1;
  }
}

}  // namespace

std::string_view name_of(Store store) noexcept {
  for (auto const& [name, which] : kStores) {
    if (which == store) return name;
  }
  return {};
}

std::string SecretReference::document_name() const {
  std::string out(name_of(store));
  return out.append(":").append(document);
}

std::string SecretReference::text() const {
  auto out = document_name();
  if (!key.empty()) out.append("#").append(key);
  return out;
}

std::optional<SecretReference> parse_reference(std::string_view text) {
  auto const colon = text.find(':');
  if (colon == std::string_view::npos || text.size() > SecretReference::kBytesMax || has_control(text))
    return {};
  auto const kind = text.substr(0, colon);
  auto const known =
      std::find_if(kStores.begin(), kStores.end(), [&](auto const& pair) { return pair.first == kind; });
  if (known == kStores.end()) return {};
  SecretReference out;
  out.store = known->second;
  auto rest = text.substr(colon + 1);
  if (out.store == Store::vault || out.store == Store::aws) {
    auto const hash = rest.rfind('#');
    if (hash != std::string_view::npos) out.key = rest.substr(hash + 1);
    if (hash != std::string_view::npos && out.key.empty()) return {};
    rest = rest.substr(0, hash);
  }
  out.document = rest;
  if (out.document.empty()) return {};
  if (out.store == Store::vault && (out.key.empty() || strays(out.document))) return {};
  return out;
}

}  // namespace weir::secrets
