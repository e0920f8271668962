// One scalar against one row of the option table.
#include <fmt/format.h>

#include <algorithm>

#include "base/cron_line.hpp"
#include "base/time_zone.hpp"
#include "config/option_rows.hpp"
#include "config/reader.hpp"
#include "config/values.hpp"

namespace weir::config {
namespace {

std::string shown(Node const& node) {  // as written: never what a reference became
  constexpr std::size_t kBytesShown = 60;
  return node.text.size() <= kBytesShown ? node.text : node.text.substr(0, kBytesShown) + "…";
}

// The value as a number that its range can be compared with.
std::optional<double> measure(std::string_view text, Type type) {
  auto const number = [](auto const& value) -> std::optional<double> {
    if (!value) return {};
    return static_cast<double>(*value);
  };
  auto const time = [](auto const& value) -> std::optional<double> {
    if (!value) return {};
    return static_cast<double>(value->count());
  };
  switch (type) {
    case Type::integer: return number(parse_integer(text));
    case Type::count: return number(parse_count(text));
    case Type::size: return number(parse_size(text));
    case Type::rate: return number(parse_rate(text));
    case Type::percent: return number(parse_percent(text));
    case Type::duration: return time(parse_duration(text));
    case Type::seconds: return time(parse_seconds(text));
    default: return {};
  }
}

std::optional<std::pair<double, double>> measure_both(std::string_view text, Type type) {
  if (type == Type::instances) {
    if (auto const pair = parse_instances(text)) {
      return std::pair(static_cast<double>(pair->first), static_cast<double>(pair->second));
    }
    return {};
  }
  if (type == Type::duration_range) {
    if (auto const pair = parse_duration_range(text)) {
      return std::pair(static_cast<double>(pair->first.count()), static_cast<double>(pair->second.count()));
    }
    return {};
  }
  auto const one = measure(text, type);
  if (!one) return {};
  return std::pair(*one, *one);
}

bool is_in_range(std::pair<double, double> value, Option const& row) {
  if (row.range.empty()) return true;
  auto const element = row.type == Type::instances        ? Type::integer
                       : row.type == Type::duration_range ? Type::duration
                                                          : row.type;
  auto const dots = row.range.find("..");
  auto const low = measure(row.range.substr(0, dots), element);
  auto const high = measure(row.range.substr(dots + 2), element);
  return low && high && value.first >= *low && value.second <= *high;
}

bool follows_grammar(std::string_view text, Type type) {
  switch (type) {
    case Type::date: return parse_date(text).has_value();
    case Type::cron: return base::CronLine::parse(text).has_value();
    case Type::zone: return base::TimeZone::find(text).has_value();
    case Type::address: return parse_address(text).has_value();
    case Type::url: return is_http_url(text);
    case Type::key_hash: return parse_key_hash(text).has_value();
    case Type::path:
    case Type::glob: return !text.empty();
    default: return true;
  }
}

bool is_old_boolean(std::string_view text) {
  static constexpr std::string_view kWords[] = {"on", "off", "yes", "no", "y", "n"};
  auto const same = [&](std::string_view word) {
    return std::equal(word.begin(), word.end(), text.begin(), text.end(),
                      [](char a, char b) { return a == b || a - 'a' + 'A' == b; });
  };
  return std::any_of(std::begin(kWords), std::end(kWords), same);
}

std::string list_of(std::string_view words) {
  std::string out;
  for (auto const word : split(words, '|')) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

Complaint check_boolean(Node const& node) {
  if (parse_boolean(node.value()) && !node.quoted) return {};
  if (parse_boolean(node.value()) && node.expanded) return {};
  if (is_old_boolean(node.text)) {
    return {"WEIR-E014", fmt::format("`{}` is text in YAML 1.2, not a boolean", shown(node)),
            "write true or false"};
  }
  return {"WEIR-E011", fmt::format("expected true or false, got `{}`", shown(node)),
          parse_boolean(node.text) ? "remove the quotes" : ""};
}

Complaint check_word(Node const& node, Option const& row) {
  auto const words = split(row.words, '|');
  if (std::find(words.begin(), words.end(), node.value()) != words.end()) return {};
  auto const meant = nearest(node.text, words);
  return {"WEIR-E013", fmt::format("`{}` is not one of {}", shown(node), list_of(row.words)),
          meant.empty() ? "" : fmt::format("write {}", meant)};
}

}  // namespace

Complaint check_scalar(Node const& node, Option const& row) {
  auto const text = node.value();
  if (row.type == Type::boolean) return check_boolean(node);
  if (row.type == Type::word) return check_word(node, row);
  auto const words = split(row.words, '|');
  if (std::find(words.begin(), words.end(), text) != words.end()) return {};

  bool const numeric = row.type == Type::integer || row.type == Type::seconds || row.type == Type::instances;
  bool const quoted_number =
      node.quoted && !node.expanded && node.text == text && plain_kind(text) == Node::Kind::integer;
  if (numeric && quoted_number) {
    return {"WEIR-E011", fmt::format("expected {}, got text", grammar_of(row.type)), "remove the quotes"};
  }
  if (!row.range.empty()) {  // every row that counts something has one
    auto const value = measure_both(text, row.type);
    auto const fault = row.type == Type::integer ? "WEIR-E011" : "WEIR-E016";
    if (!value) {
      auto const also = row.words.empty() ? "" : fmt::format(" or {}", list_of(row.words));
      return {fault, fmt::format("expected {}{}, got `{}`", grammar_of(row.type), also, shown(node)), ""};
    }
    if (!is_in_range(*value, row)) {
      return {"WEIR-E015", fmt::format("`{}` is outside {}", shown(node), row.range), ""};
    }
    return {};
  }
  if (follows_grammar(text, row.type)) {
    if (row.type != Type::cron || base::CronLine::parse(text)->ever()) return {};
    return {"WEIR-E016", fmt::format("`{}` names a day that no year has", shown(node)), ""};
  }
  return {"WEIR-E016", fmt::format("expected {}, got `{}`", grammar_of(row.type), shown(node)), ""};
}

}  // namespace weir::config
