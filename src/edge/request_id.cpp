#include "edge/request_id.hpp"

#include <algorithm>

namespace weir::edge {

std::string_view chosen_request_id(net::Fields const& fields) noexcept {
  constexpr std::string_view kName = "x-request-id";
  auto const* const field = fields.find(kName);
  if (field == nullptr) return {};
  for (auto const* other = field + 1; other != fields.end(); ++other) {
    if (net::same_name(other->name, kName)) return {};  // two say nothing: another hop may read the other one
  }
  auto const id = field->value;
  auto const allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == ':' || c == '-';
  };
  bool const fit = id.size() <= kRequestIdBytesMax && std::all_of(id.begin(), id.end(), allowed);
  return fit ? id : std::string_view{};
}

}  // namespace weir::edge
