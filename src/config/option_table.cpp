#include "config/option_table.hpp"

#include <algorithm>

#include "config/option_rows.hpp"

namespace weir::config {
namespace {

std::vector<Option> const& all_rows() {
  static std::vector<Option> const rows = [] {
    std::vector<Option> all;
    for (auto const part :
         {gateway_options(), server_options(), caching_options(), degradation_options(), secret_options()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return rows;
}

Shape& child(Shape& shape, std::string_view segment) {
  if (segment == "*") {
    if (!shape.any) shape.any = std::make_unique<Shape>();
    return *shape.any;
  }
  for (auto& [key, below] : shape.keys) {
    if (key == segment) return *below;
  }
  return *shape.keys.emplace_back(segment, std::make_unique<Shape>()).second;
}

void add(Shape& root, Option const& row) {
  Shape* shape = &root;
  for (auto segment : split(row.path, '.')) {
    bool const item = segment.ends_with("[]");
    if (item) segment.remove_suffix(2);
    shape = &child(*shape, segment);
    if (!item) continue;
    if (!shape->item) shape->item = std::make_unique<Shape>();
    shape = shape->item.get();
  }
  shape->rows.push_back(&row);
}

}  // namespace

std::span<Option const> options() noexcept { return all_rows(); }

Option const* find_option(std::string_view path) noexcept {
  auto const& rows = all_rows();
  auto const found =
      std::find_if(rows.begin(), rows.end(), [&](Option const& row) { return row.path == path; });
  return found == rows.end() ? nullptr : &*found;
}

std::string_view default_of(std::string_view path) noexcept {
  auto const* row = find_option(path);
  return row ? row->fallback : std::string_view();
}

Shape const& root_shape() {
  static Option const top{"", Type::section, "", "", "", "The whole configuration."};
  static Shape const root = [] {
    Shape shape;
    shape.rows.push_back(&top);
    for (auto const& row : all_rows()) add(shape, row);
    return shape;
  }();
  return root;
}

Shape const* Shape::below(std::string_view key) const noexcept {
  for (auto const& [name, shape] : keys) {
    if (name == key) return shape.get();
  }
  return any.get();
}

Option const* Shape::row_of(Type type) const noexcept {
  for (auto const* row : rows) {
    if (row->type == type) return row;
  }
  return nullptr;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    auto const end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string_view name_of(Type type) noexcept {
  constexpr std::string_view kNames[] = {
      "section",  "table",   "list", "text", "word",     "boolean",   "integer",        "count",
      "duration", "seconds", "size", "rate", "percent",  "range",     "duration range", "date",
      "cron",     "address", "url",  "path", "key hash", "time zone", "pattern"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(Type::glob) + 1);
  return kNames[static_cast<std::size_t>(type)];
}

std::string_view grammar_of(Type type) noexcept {
  switch (type) {
    case Type::section:
    case Type::table: return "a map";
    case Type::list: return "a list";
    case Type::text:
    case Type::word: return "text";
    case Type::boolean: return "true or false";
    case Type::integer: return "a whole number";
    case Type::count: return "a whole number, such as 250 or 100k";
    case Type::duration: return "a duration, such as 100ms, 30s, 5m or 1h";
    case Type::seconds: return "a duration, such as 30s, or a number of seconds";
    case Type::size: return "a size, such as 64mb (decimal) or 10MiB (binary)";
    case Type::rate: return "a rate, such as 50/s, 10/m or 5/h";
    case Type::percent: return "a percentage, such as 80%";
    case Type::instances: return "a number or a range, such as 1..4";
    case Type::duration_range: return "a range of durations, such as 100ms..30s";
    case Type::date: return "a date, such as 2027-06-01 or 2027-06-01T12:00:00Z";
    case Type::cron: return "a cron line of five fields, such as \"0 2 * * *\"";
    case Type::address: return "an address: host:port, unix:/path or fd:name";
    case Type::url: return "an http or https URL without a user name in it";
    case Type::path: return "a path";
    case Type::key_hash: return "sha256: and 64 hexadecimal digits";
    case Type::zone: return "a time zone, such as UTC or Europe/Berlin";
    case Type::glob: return "a pattern, such as github.get_*";
  }
  return "?";
}

std::string_view nearest(std::string_view typed, std::span<std::string_view const> candidates) {
  auto const plain = [](std::string_view text) {  // letter case, `_` and `-` do not count
    std::string out;
    for (char const c : text.substr(0, 64)) {
      if (c != '_' && c != '-') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
  };
  auto const a = plain(typed);
  std::string_view best;
  std::size_t best_distance = a.size() <= 3 ? 2 : a.size() <= 7 ? 3 : 4;  // must be below this
  for (auto const candidate : candidates) {
    auto const b = plain(candidate);
    std::vector<std::size_t> before(b.size() + 1), row(b.size() + 1), before2;
    for (std::size_t j = 0; j <= b.size(); ++j) before[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      row[0] = i;
      for (std::size_t j = 1; j <= b.size(); ++j) {
        row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
        bool const swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
        if (swapped) row[j] = std::min(row[j], before2[j - 2] + 1);
      }
      before2 = std::exchange(before, row);
    }
    if (before[b.size()] < best_distance) {
      best_distance = before[b.size()];
      best = candidate;
    }
  }
  return best;
}

}  // namespace weir::config
