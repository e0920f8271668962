#include "admin/token_drop.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include "mcp/json_text.hpp"

namespace weir::admin {
namespace {

namespace dom = simdjson::dom;

base::Error refused(std::string why) {
  return {base::Fault::invalid_input, base::Blame::client, std::move(why)};
}

}  // namespace

base::Result<TokenDrop> parse_token_drop(std::string_view body) {
  if (body.size() > TokenDrop::kBodyBytesMax) return refused("The body is too large.");
  dom::parser parser;
  dom::object object;
  simdjson::padded_string const text(body);
  if (parser.parse(text).get_object().get(object) != simdjson::SUCCESS)
    return refused("The body is no JSON object.");
  TokenDrop drop;
  for (auto const [key, value] : object) {
    if (key != "subject" && key != "issuer") return refused("Members are subject and issuer.");
    std::string_view given;
    if (value.get_string().get(given) != simdjson::SUCCESS || given.empty())
      return refused(fmt::format("`{}` is a text that is not empty.", key));
    (key == "subject" ? drop.subject : drop.issuer) = given;
  }
  if (drop.subject.empty()) return refused("Say whose: `subject`, as the caller's token names them.");
  return drop;
}

std::string token_drop_body(TokenDrop const& drop) {
  std::string out = "{\"subject\":";
  mcp::append_json_string(out, drop.subject);
  if (!drop.issuer.empty()) {
    out += ",\"issuer\":";
    mcp::append_json_string(out, drop.issuer);
  }
  return out + "}";
}

std::string token_drop_answer(std::size_t dropped) {
  return fmt::format("{{\"version\":1,\"dropped\":{}}}\n", dropped);
}

}  // namespace weir::admin
