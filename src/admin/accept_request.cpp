#include "admin/accept_request.hpp"

#include "admin/change_body.hpp"
#include "mcp/json_text.hpp"

namespace weir::admin {

base::Result<AcceptRequest> parse_accept(std::string_view body) {
  AcceptRequest request;
  auto const read =
      read_body(body, {{"server", &request.server}, {"tool", &request.tool}, {"tenant", &request.tenant}});
  if (!read) return read.error();
  if (request.server.empty()) return refused_body("Say whose: `server`.");
  return request;
}

std::string accept_body(AcceptRequest request) {
  return write_body({{"server", &request.server}, {"tool", &request.tool}, {"tenant", &request.tenant}});
}

std::string accept_answer(std::vector<std::string> const& tools) {
  std::string out = R"({"version":1,"accepted":[)";
  for (auto const& tool : tools) {
    if (out.back() != '[') out += ',';
    mcp::append_json_string(out, tool);
  }
  return out + "]}\n";
}

}  // namespace weir::admin
