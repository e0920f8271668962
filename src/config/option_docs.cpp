// The option table as a JSON Schema (2020-12) and as the reference page.
#include <fmt/format.h>

#include "config/json_text.hpp"
#include "config/option_rows.hpp"

namespace weir::config {
namespace {

std::string joined(std::vector<std::string> const& parts, std::string_view between) {
  return fmt::format("{}", fmt::join(parts, between));
}

std::string words_schema(std::string_view words) {
  std::vector<std::string> quoted;
  for (auto const word : split(words, '|')) quoted.push_back(json_quoted(word));
  return fmt::format(R"({{"enum":[{}]}})", joined(quoted, ","));
}

std::string_view pattern_of(Type type) {
  switch (type) {
    case Type::count: return "^[0-9]+[kKmM]?$";
    case Type::duration: return "^[0-9]+(ms|s|m|h|d)$";
    case Type::seconds: return "^[0-9]+(ms|s|m|h|d)?$";
    case Type::size: return "^[0-9]+([bB]|[kKmMgG][iI]?[bB])?$";
    case Type::rate: return "^[0-9]+(\\.[0-9]+)?/[smh]$";
    case Type::percent: return "^[0-9]+(\\.[0-9]+)?%$";
    case Type::instances: return "^[0-9]+(\\.\\.[0-9]+)?$";
    case Type::duration_range: return "^[0-9]+(ms|s|m|h|d)(\\.\\.[0-9]+(ms|s|m|h|d))?$";
    case Type::date: return "^[0-9]{4}-[0-9]{2}-[0-9]{2}";
    case Type::url: return "^https?://";
    case Type::key_hash: return "^sha256:[0-9a-fA-F]{64}$";
    default: return "";
  }
}

std::string scalar_schema(Option const& row) {
  std::vector<std::string> any;
  auto const bounds = [&] {
    auto const dots = row.range.find("..");
    return fmt::format(R"(,"minimum":{},"maximum":{})", row.range.substr(0, dots),
                       row.range.substr(dots + 2));
  };
  if (!row.words.empty()) any.push_back(words_schema(row.words));
  if (row.type == Type::boolean) any.push_back(R"({"type":"boolean"})");
  if (row.type == Type::integer) any.push_back(fmt::format(R"({{"type":"integer"{}}})", bounds()));
  bool const number_too = row.type == Type::count || row.type == Type::seconds ||
                          row.type == Type::instances || row.type == Type::size;
  if (number_too) any.emplace_back(R"({"type":"integer","minimum":0})");
  if (row.type == Type::text) {  // numbers and booleans are taken as they are written
    any.emplace_back(R"({"type":["string","number","boolean"]})");
  } else if (auto const pattern = pattern_of(row.type); !pattern.empty()) {
    any.push_back(fmt::format(R"({{"type":"string","pattern":{}}})", json_quoted(pattern)));
  } else if (row.type == Type::cron || row.type == Type::address || row.type == Type::path ||
             row.type == Type::zone || row.type == Type::glob) {
    any.emplace_back(R"({"type":"string"})");
  }
  if (row.type != Type::text) any.emplace_back(R"({"type":"string","pattern":"\\$\\{"})");  // a reference
  return fmt::format(R"("anyOf":[{}])", joined(any, ","));
}

std::string schema_of(Shape const& shape);

std::string shape_schema(Shape const& shape, Option const& row) {
  if (row.type == Type::list) return fmt::format(R"("type":"array","items":{})", schema_of(*shape.item));
  if (row.type == Type::table) {
    return fmt::format(R"("type":"object","additionalProperties":{})", schema_of(*shape.any));
  }
  if (row.type != Type::section) return scalar_schema(row);
  std::vector<std::string> keys;
  for (auto const& [key, below] : shape.keys) keys.push_back(json_quoted(key) + ":" + schema_of(*below));
  return fmt::format(R"("type":"object","additionalProperties":false,"properties":{{{}}})",
                     joined(keys, ","));
}

std::string schema_of(Shape const& shape) {
  std::vector<std::string> any{R"({"type":"null"})"};
  for (auto const* row : shape.rows) any.push_back("{" + shape_schema(shape, *row) + "}");
  auto const& row = *shape.rows.front();
  auto out =
      fmt::format(R"({{"description":{},"anyOf":[{}])", json_quoted(row.description), joined(any, ","));
  return out + "}";
}

std::string code(std::string_view text) { return text.empty() ? "" : fmt::format("`{}`", text); }

std::string allowed(Option const& row) {
  std::vector<std::string> parts;
  if (!row.range.empty()) {
    auto const dots = row.range.find("..");
    parts.push_back(fmt::format("{} to {}", row.range.substr(0, dots), row.range.substr(dots + 2)));
  }
  for (auto const word : split(row.words, '|')) parts.push_back(code(word));
  return joined(parts, ", ");
}

}  // namespace

std::string schema_json() {
  std::vector<std::string> keys;
  for (auto const& [key, below] : root_shape().keys)
    keys.push_back(json_quoted(key) + ":" + schema_of(*below));
  return fmt::format(
      R"({{"$schema":"https://json-schema.org/draft/2020-12/schema","title":"Weir configuration",)"
      R"("type":"object","additionalProperties":false,"properties":{{{}}}}})"
      "\n",
      joined(keys, ","));
}

std::string reference_markdown() {
  std::string out =
      "# Configuration reference\n\n"
      "Generated from the option table (`src/config/options_*.cpp`); do not edit.\n\n"
      "`*` stands for a name you choose, `[]` for an item of a list. `key:` without a value means the "
      "default. Keys\n"
      "marked *later* are accepted and checked, and do nothing in this version.\n\n"
      "## Values\n\n| type | written as |\n|---|---|\n";
  for (auto type = Type::section; type <= Type::glob; type = static_cast<Type>(static_cast<int>(type) + 1)) {
    if (type != Type::word) out += fmt::format("| {} | {} |\n", name_of(type), grammar_of(type));
  }
  out +=
      "| word | one of the words in its row |\n\n"
      "Sizes: `kb`, `mb`, `gb` are powers of 1000; `KiB`, `MiB`, `GiB` are powers of 1024; letter case does "
      "not "
      "matter.\nDurations: `ms`, `s`, `m`, `h`, `d`. Booleans are `true` and `false` only.\n";
  std::string_view section;
  for (auto const& row : options()) {
    auto const top = row.path.substr(0, row.path.find_first_of(".["));
    if (top != section) {
      section = top;
      out += fmt::format(
          "\n## {}\n\n| key | type | default | allowed | what it does |\n|---|---|---|---|---|\n", section);
    }
    out +=
        fmt::format("| {} | {} | {} | {} | {}{} |\n", code(row.path), name_of(row.type), code(row.fallback),
                    allowed(row), row.effect == Effect::later ? "*later* " : "", row.description);
  }
  return out;
}

}  // namespace weir::config
