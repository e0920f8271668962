#include "admin/change_body.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "mcp/json_text.hpp"

namespace weir::admin {
namespace {

namespace dom = simdjson::dom;

// "a, b and c"
std::string names_of(std::initializer_list<BodyMember> members) {
  std::string out;
  std::size_t left = members.size();
  for (auto const& member : members) {
    out += member.name;
    --left;
    if (left > 0) out += left == 1 ? " and " : ", ";
  }
  return out;
}

base::Result<void> fill(BodyMember const& member, dom::element value) {
  if (member.flag != nullptr) {
    if (value.get_bool().get(*member.flag) == simdjson::SUCCESS) return {};
    return refused_body(fmt::format("`{}` is true or false.", member.name));
  }
  std::string_view given;
  if (value.get_string().get(given) != simdjson::SUCCESS || given.empty())
    return refused_body(fmt::format("`{}` is a text that is not empty.", member.name));
  *member.text = given;
  return {};
}

}  // namespace

base::Error refused_body(std::string why) {
  return {base::Fault::invalid_input, base::Blame::client, std::move(why)};
}

base::Result<void> read_body(std::string_view body, std::initializer_list<BodyMember> members) {
  if (body.size() > kChangeBytesMax) return refused_body("The body is too large.");
  dom::parser parser;
  dom::object object;
  simdjson::padded_string const text(body);
  if (parser.parse(text).get_object().get(object) != simdjson::SUCCESS)
    return refused_body("The body is no JSON object.");
  for (auto const [key, value] : object) {
    auto const known = std::find_if(members.begin(), members.end(),
                                    [&key = key](BodyMember const& one) { return one.name == key; });
    if (known == members.end()) return refused_body(fmt::format("Members are {}.", names_of(members)));
    auto const same = [&key = key](dom::key_value_pair const& one) { return one.key == key; };
    if (std::count_if(object.begin(), object.end(), same) > 1)
      return refused_body(fmt::format("`{}` is there twice.", known->name));
    if (auto filled = fill(*known, value); !filled) return filled;
  }
  return {};
}

std::string write_body(std::initializer_list<BodyMember> members) {
  std::string out = "{";
  for (auto const& member : members) {
    bool const absent = member.flag != nullptr ? !*member.flag : member.text->empty();
    if (absent) continue;
    out += fmt::format("{}\"{}\":", out.size() > 1 ? "," : "", member.name);
    if (member.flag != nullptr) {
      out += "true";
    } else {
      mcp::append_json_string(out, *member.text);
    }
  }
  return out + "}";
}

}  // namespace weir::admin
