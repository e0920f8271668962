#include "config/harmless_text.hpp"

#include <algorithm>

namespace weir::config {
namespace {

constexpr std::size_t kWordBytesMax = 20;  // longer ones are no words
constexpr std::size_t kHostBytesMax = 253;

// By bytes: no locale has a say.
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_lower(c) || is_upper(c); }

template <class Test>
bool all_are(std::string_view text, Test test) {
  return std::all_of(text.begin(), text.end(), test);
}
bool all_in(std::string_view text, std::string_view set) {
  return text.find_first_not_of(set) == std::string_view::npos;
}
bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// "read-only", "my_project": of three words and more, people make passwords.
bool is_pair_of_words(std::string_view text) {
  auto const at = text.find_first_of("-_");
  return at != std::string_view::npos && is_plain_word(text.substr(0, at)) &&
         is_plain_word(text.substr(at + 1));
}

bool is_media_type(std::string_view text) {
  auto const slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  return is_one_of(text.substr(0, slash), {"application", "audio", "font", "image", "message", "model",
                                           "multipart", "text", "video", "*"}) &&
         all_are(text.substr(slash + 1),
                 [](char c) { return is_lower(c) || c == '.' || c == '+' || c == '-' || c == '*'; });
}

// "weir-agent/1.0"
bool is_product(std::string_view text) {
  auto const slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0) return false;
  return all_are(text.substr(0, slash), [](char c) { return is_letter(c) || c == '-'; }) &&
         is_number(text.substr(slash + 1));
}

// "en_US.UTF-8", "C.UTF-8", "utf-8"
bool is_locale(std::string_view text) {
  auto const dot = text.find('.');
  auto const language = text.substr(0, dot);
  if (dot != std::string_view::npos && !is_one_of(text.substr(dot + 1), {"UTF-8", "utf-8", "utf8"}))
    return false;
  if (is_one_of(language, {"C", "POSIX", "utf-8", "UTF-8"})) return true;
  return (language.size() == 5 || language.size() == 6) && language[language.size() - 3] == '_' &&
         all_are(language.substr(0, language.size() - 3), is_lower) &&
         all_are(language.substr(language.size() - 2), is_upper);
}

// "eu-central-1"
bool is_region(std::string_view text) {
  if (text.size() < 6 || text[2] != '-' || text[text.size() - 2] != '-' || !is_digit(text.back()))
    return false;
  auto const name = text.substr(0, text.size() - 2);
  return all_are(name, [](char c) { return is_lower(c) || c == '-'; }) &&
         is_one_of(name.substr(name.rfind('-') + 1), {"north", "south", "east", "west", "central",
                                                      "northeast", "northwest", "southeast", "southwest"});
}

bool is_path(std::string_view text) {
  constexpr std::string_view kWell = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+@~/ ";
  if (text.starts_with("~/") || text.starts_with("./") || text.starts_with("../")) return all_in(text, kWell);
  if (!text.starts_with('/') || text.size() < 2) return false;
  auto const first = text.substr(1, text.find('/', 1) - 1);
  // Base64 may begin with a slash too.
  if (is_one_of(first, {"Applications", "Library", "Users", "Volumes", "app",      "bin", "boot", "data",
                        "dev",          "etc",     "home",  "lib",     "mnt",      "nix", "opt",  "private",
                        "proc",         "root",    "run",   "sbin",    "srv",      "sys", "tmp",  "usr",
                        "var",          "media",   "snap",  "lib64",   "workspace"}))
    return all_in(text, kWell);
  return all_are(text, [](char c) {
    return is_lower(c) || is_digit(c) || c == '/' || c == '.' || c == '-' || c == '_';
  });
}

bool is_name_of_value(std::string_view text) {
  return !text.empty() && text.size() <= 2 * kWordBytesMax &&
         all_are(text, [](char c) { return is_letter(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_harmless_atom(std::string_view text) {
  return text.empty() || is_number(text) || is_plain_word(text) || is_pair_of_words(text) ||
         is_place_on_disk(text) || is_host(text) || is_media_type(text) || is_product(text) ||
         is_locale(text) || is_region(text);
}

// Also `name=value` and an option, `--max-size=10`.
bool is_harmless_item(std::string_view text) {
  if (is_harmless_atom(text)) return true;
  bool const option = text.starts_with('-');
  auto const equals = text.find('=');
  auto name = text.substr(0, equals);
  name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
  if (equals == std::string_view::npos)
    return option && name.size() <= 2 * kWordBytesMax &&
           all_are(name, [](char c) { return is_lower(c) || c == '-'; });
  return is_name_of_value(name) && is_harmless_atom(text.substr(equals + 1));
}

}  // namespace

bool is_number(std::string_view text) noexcept {
  if (text.starts_with('-') || text.starts_with('+') || text.starts_with('v')) text.remove_prefix(1);
  if (text.empty() || !is_digit(text.front())) return false;
  auto const end = text.find_first_not_of("0123456789.:-_/");
  return end == std::string_view::npos ||
         is_one_of(text.substr(end), {"%",   "b", "kb", "mb", "gb", "kB", "KB", "MB", "GB", "KiB", "MiB",
                                      "GiB", "k", "K",  "M",  "G",  "ms", "s",  "m",  "h",  "d"});
}

bool is_plain_word(std::string_view text) noexcept {
  if (text.empty() || text.size() > kWordBytesMax) return false;
  return (is_letter(text[0]) && all_are(text.substr(1), is_lower)) || all_are(text, is_upper);
}

bool is_place_on_disk(std::string_view text) noexcept {
  if (text.empty()) return false;
  while (true) {
    auto const end = text.find(':');
    if (!is_path(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool is_host(std::string_view text) noexcept {
  auto const colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    auto const port = text.substr(colon + 1);
    if (port.empty() || port.size() > 5 || !all_are(port, is_digit)) return false;
    text = text.substr(0, colon);
    if (is_plain_word(text)) return true;  // "db:5432"
  }
  if (text == "localhost") return true;
  auto const last = text.rfind('.');
  if (last == std::string_view::npos || last == 0 || text.size() > kHostBytesMax) return false;
  auto const top = text.substr(last + 1);
  if (top.size() < 2 || !all_are(top, is_lower)) return false;
  return text.find("..") == std::string_view::npos && text.front() != '.' &&
         all_are(text, [](char c) { return is_lower(c) || is_digit(c) || c == '.' || c == '-'; });
}

bool is_harmless_text(std::string_view text) noexcept {
  if (is_place_on_disk(text)) return true;  // one with spaces
  while (true) {
    auto const end = text.find_first_of(" \t,;");
    if (!is_harmless_item(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

}  // namespace weir::config
