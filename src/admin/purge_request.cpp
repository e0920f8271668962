#include "admin/purge_request.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include "mcp/json_text.hpp"

namespace weir::admin {
namespace {

namespace dom = simdjson::dom;

base::Error refused(std::string why) {
  return {base::Fault::invalid_input, base::Blame::client, std::move(why)};
}

std::string* text_of(PurgeRequest& request, std::string_view key) {
  if (key == "select") return &request.select;
  if (key == "uri") return &request.uri;
  if (key == "principal") return &request.principal;
  if (key == "tag") return &request.tag;
  return nullptr;
}

void member(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  out += fmt::format("{}\"{}\":", out.size() > 1 ? "," : "", key);
  mcp::append_json_string(out, value);
}

std::string number(std::optional<std::uint64_t> const& count) {
  return count ? std::to_string(*count) : "null";
}

}  // namespace

base::Result<PurgeRequest> parse_purge(std::string_view body) {
  if (body.size() > PurgeRequest::kBodyBytesMax) return refused("The body is too large.");
  dom::parser parser;
  dom::object object;
  simdjson::padded_string const text(body);
  if (parser.parse(text).get_object().get(object) != simdjson::SUCCESS)
    return refused("The body is no JSON object.");
  PurgeRequest request;
  for (auto const [key, value] : object) {
    if (key == "dry_run") {
      if (value.get_bool().get(request.dry_run) == simdjson::SUCCESS) continue;
      return refused("`dry_run` is true or false.");
    }
    auto* const into = text_of(request, key);
    if (into == nullptr) return refused("Members are select, uri, principal, tag and dry_run.");
    std::string_view given;
    if (value.get_string().get(given) != simdjson::SUCCESS || given.empty())
      return refused(fmt::format("`{}` is a text that is not empty.", key));
    *into = given;
  }
  bool const restricts =
      !(request.select.empty() && request.uri.empty() && request.principal.empty() && request.tag.empty());
  if (!restricts) return refused("Say what: `select` (\"*\" is everything), `uri`, `principal` or `tag`.");
  return request;
}

std::string purge_body(PurgeRequest const& request) {
  std::string out = "{";
  member(out, "select", request.select);
  member(out, "uri", request.uri);
  member(out, "principal", request.principal);
  member(out, "tag", request.tag);
  if (request.dry_run) out += out.size() > 1 ? ",\"dry_run\":true" : "\"dry_run\":true";
  return out + "}";
}

std::string purge_answer(PurgeCount const& count, bool dry_run) {
  return fmt::format("{{\"version\":1,\"entries\":{{\"memory\":{},\"store\":{}}},\"dry_run\":{}}}\n",
                     number(count.memory), number(count.store), dry_run);
}

PurgeNames names_of(PurgeRequest const& request) {
  if (request.select == "*") return {};
  auto const dot = request.select.find('.');  // no server's name has one
  PurgeNames names{request.select.substr(0, dot), {}};
  if (dot != std::string::npos) names.operation = request.select.substr(dot + 1);
  if (names.server == "*") names.server.clear();
  if (names.operation == "*") names.operation.clear();
  return names;
}

}  // namespace weir::admin
