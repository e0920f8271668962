#include "admin/accept_request.hpp"

#include <simdjson.h>

#include "mcp/json_text.hpp"

namespace weir::admin {
namespace {

namespace dom = simdjson::dom;

base::Error refused(std::string why) {
  return {base::Fault::invalid_input, base::Blame::client, std::move(why)};
}

}  // namespace

base::Result<AcceptRequest> parse_accept(std::string_view body) {
  if (body.size() > AcceptRequest::kBodyBytesMax) return refused("The body is too large.");
  dom::parser parser;
  dom::object object;
  simdjson::padded_string const text(body);
  if (parser.parse(text).get_object().get(object) != simdjson::SUCCESS)
    return refused("The body is no JSON object.");
  AcceptRequest request;
  for (auto const [key, value] : object) {
    if (key != "server" && key != "tool") return refused("Members are server and tool.");
    std::string_view given;
    if (value.get_string().get(given) != simdjson::SUCCESS || given.empty())
      return refused("`server` and `tool` are texts that are not empty.");
    (key == "server" ? request.server : request.tool) = given;
  }
  if (request.server.empty()) return refused("Say whose: `server`.");
  return request;
}

std::string accept_body(AcceptRequest const& request) {
  std::string out = R"({"server":)";
  mcp::append_json_string(out, request.server);
  if (!request.tool.empty()) {
    out += R"(,"tool":)";
    mcp::append_json_string(out, request.tool);
  }
  return out + "}";
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
