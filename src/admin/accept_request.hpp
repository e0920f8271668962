// AcceptRequest: whose tools somebody accepts as they are now, as it comes over the admin API.
//
// Values and pure functions; the body is one of change_body.hpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::admin {

struct AcceptRequest {
  std::string server;
  std::string tool;    // by the server's own name; "": all of them
  std::string tenant;  // for whose callers; "": for everybody
};

// Errors: invalid_input, with a sentence for the caller.
base::Result<AcceptRequest> parse_accept(std::string_view body);
std::string accept_body(AcceptRequest request);  // what parse_accept() reads
std::string accept_answer(std::vector<std::string> const& tools);

}  // namespace weir::admin
