#include "config/reader.hpp"

#include <cctype>

#include "config/json_text.hpp"

namespace weir::config {
namespace {

bool all(std::string_view text, int (*is)(int)) {
  for (char const letter : text) {
    auto const c = static_cast<unsigned char>(letter);
    if (is(c) == 0) return false;
  }
  return !text.empty();
}

// [-+]? ( . digits | digits ( . digits? )? ) ( [eE] [-+]? digits )?
bool is_real(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text == ".inf" || text == ".Inf" || text == ".INF") return true;
  auto const exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos) {
    auto power = text.substr(exponent + 1);
    if (power.starts_with('-') || power.starts_with('+')) power.remove_prefix(1);
    if (!all(power, std::isdigit)) return false;
    text = text.substr(0, exponent);
  }
  auto const dot = text.find('.');
  auto const whole = text.substr(0, dot);
  if (dot == std::string_view::npos) return all(whole, std::isdigit);
  auto const part = text.substr(dot + 1);
  if (whole.empty()) return all(part, std::isdigit);
  return all(whole, std::isdigit) && (part.empty() || all(part, std::isdigit));
}

bool is_whole(std::string_view text) {
  if (text.starts_with("0x")) return all(text.substr(2), std::isxdigit);
  if (text.starts_with("0o")) return text.size() > 2 && text.find_first_not_of("01234567", 2) == text.npos;
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return all(text, std::isdigit);
}

}  // namespace

SharedText make_source(std::string name, std::string text, unsigned order) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return std::make_shared<SourceText const>(SourceText{std::move(name), std::move(text), order});
}

bool check_text(SharedText const& source, Problems& problems, std::size_t bytes_max) {
  std::string_view rest = source->text;
  Mark mark{source, 0, 0, 1};
  if (rest.size() > bytes_max) {
    problems.error("WEIR-E002", mark,
                   "the file is larger than " + std::to_string(bytes_max / 1024 / 1024) + " MiB");
    return false;
  }
  mark.line = mark.column = 1;
  while (!rest.empty()) {
    auto const length = utf8_length(rest);
    auto const c = static_cast<unsigned char>(rest.front());
    bool const control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
    if (length == 0 || control) {
      problems.error("WEIR-E003", mark, control ? "a control character" : "the text is not UTF-8");
      return false;
    }
    mark.column += length;
    if (c == '\n') {
      ++mark.line;
      mark.column = 1;
    }
    rest.remove_prefix(length);
  }
  return true;
}

Node::Kind plain_kind(std::string_view text) noexcept {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return Node::Kind::null;
  for (auto const word : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (text == word) return Node::Kind::boolean;
  }
  if (is_whole(text)) return Node::Kind::integer;
  if (text == ".nan" || text == ".NaN" || text == ".NAN" || is_real(text)) return Node::Kind::real;
  return Node::Kind::text;
}

Node read_by_name(SharedText const& source, Problems& problems) {
  std::string_view const name = source->name;
  if (name.ends_with(".json") || name.ends_with(".jsonc")) return read_json(source, problems);
  if (name.ends_with(".toml")) return read_toml(source, problems);
  return read_yaml(source, problems);
}

}  // namespace weir::config
