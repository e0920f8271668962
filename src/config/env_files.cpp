#include "config/env_files.hpp"

#include <fmt/format.h>
#include <string.h>  // explicit_bzero

#include <algorithm>
#include <cctype>

namespace weir::config {
namespace {

constexpr std::string_view kStrongestFirst[] = {".env.development.local", ".env.local", ".env"};
constexpr std::string_view kBlank = " \t";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  while (!text.empty() && kBlank.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  return text;
}

bool is_name(std::string_view text) {
  for (char const letter : text) {
    auto const c = static_cast<unsigned char>(letter);
    if (std::isalnum(c) == 0 && c != '_') return false;
  }
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0;
}

// What an escape in double quotes stands for; 0: there is no such escape.
char escaped(char letter) {
  switch (letter) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case '"':
    case '\\':
    case '$': return letter;
    default: return 0;
  }
}

// Appends the value that begins behind the quote. What it returns is wrong with it, or "".
std::string_view take_quoted(std::string_view& text, char quote, std::string& value) {
  while (!text.empty() && text[0] != quote) {
    char letter = text[0];
    text.remove_prefix(1);
    if (letter == '\\' && quote == '"') {
      if (text.empty()) break;
      letter = escaped(text[0]);
      if (letter == 0) return "has a backslash before a character that has no such form";
      text.remove_prefix(1);
    }
    value += letter;
  }
  if (text.empty()) return "has a quote that is not closed";
  text.remove_prefix(1);
  auto const rest = trimmed(text);
  return rest.empty() || rest[0] == '#' ? std::string_view() : "has something behind its closing quote";
}

std::string_view take_plain(std::string_view text, std::string& value) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool const begins_comment =
        text[i] == '#' && (i == 0 || kBlank.find(text[i - 1]) != std::string_view::npos);
    if (begins_comment) text = text.substr(0, i);
  }
  value = trimmed(text);
  return {};
}

// What it returns is wrong with the line, or "".
std::string_view take_line(std::string_view line, std::vector<std::pair<std::string, std::string>>& out) {
  line = trimmed(line);
  if (line.empty() || line[0] == '#') return {};
  if (line.find('\0') != std::string_view::npos) return "has a zero byte";
  if (line.starts_with("export ") || line.starts_with("export\t")) line = trimmed(line.substr(7));
  auto const equals = line.find('=');
  if (equals == std::string_view::npos) return "is no NAME=value";
  auto const name = trimmed(line.substr(0, equals));
  if (!is_name(name)) return "does not begin with the name of a variable";
  auto text = trimmed(line.substr(equals + 1));
  out.emplace_back(name, std::string());
  auto& value = out.back().second;
  if (text.empty() || (text[0] != '"' && text[0] != '\'')) return take_plain(text, value);
  char const quote = text[0];
  text.remove_prefix(1);
  return take_quoted(text, quote, value);
}

}  // namespace

base::Result<std::vector<std::pair<std::string, std::string>>> parse_development_file(std::string_view name,
                                                                                      std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  for (unsigned number = 1; !text.empty(); ++number) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (auto const wrong = take_line(line, out); !wrong.empty()) {
      base::Error error(base::Fault::config, base::Blame::client,
                        fmt::format("{}:{}: the line {}", name, number, wrong));
      return std::move(error).advise("write NAME=value, with quotes around what has spaces or `#`");
    }
  }
  return out;
}

base::Result<Environment::Variables> with_development_files(Environment const& environment) {
  auto all = environment.variables();
  if (environment.variable("WEIR_ENV") != "development") return all;
  for (auto const name : kStrongestFirst) {
    auto text = environment.read(environment.absolute(name), kDevelopmentFileBytesMax);
    if (!text && text.error().fault == base::Fault::not_found) continue;
    if (!text) {
      return base::Error(base::Fault::config, base::Blame::client,
                         fmt::format("{}: {}", name, text.error().detail));
    }
    auto found = parse_development_file(name, *text);
    explicit_bzero(text->data(), text->size());
    if (!found) return found.error();
    Environment::Variables of_file;  // the last line of a name counts
    for (auto& [variable, value] : *found) of_file.insert_or_assign(std::move(variable), std::move(value));
    all.merge(of_file);
  }
  return all;
}

}  // namespace weir::config
