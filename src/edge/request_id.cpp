#include "edge/request_id.hpp"

#include <algorithm>

namespace weir::edge {

std::string_view chosen_request_id(net::Fields const& fields) noexcept {
  auto const id = fields.value("x-request-id");
  auto const allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == ':' || c == '-';
  };
  bool const fit = id.size() <= kRequestIdBytesMax && std::all_of(id.begin(), id.end(), allowed);
  return fit ? id : std::string_view{};
}

}  // namespace weir::edge
