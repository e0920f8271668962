#include "config/credential_text.hpp"

#include <algorithm>
#include <optional>

#include "config/expand.hpp"
#include "config/harmless_text.hpp"

namespace weir::config {
namespace {

constexpr std::size_t kPartBytesMin = 6;  // what is shorter is not masked anyway
constexpr std::string_view kNameBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool holds(std::string_view text, std::string_view lower_word) {
  return std::search(text.begin(), text.end(), lower_word.begin(), lower_word.end(),
                     [](char a, char b) { return lowered(a) == b; }) != text.end();
}
bool is_same(std::string_view text, std::string_view lower_word) {
  return text.size() == lower_word.size() && holds(text, lower_word);
}
bool is_one_of(std::string_view text, std::initializer_list<std::string_view> lower_words) {
  return std::any_of(lower_words.begin(), lower_words.end(), [&](auto word) { return is_same(text, word); });
}

bool is_credential_name(std::string_view name) {
  for (auto const part : {"authorization", "cookie", "token", "secret", "pass", "key", "credential", "pwd"}) {
    if (holds(name, part)) return true;
  }
  while (!name.empty()) {
    auto const end = std::min(name.find_first_of("_-."), name.size());
    if (is_one_of(name.substr(0, end), {"pat", "auth", "jwt", "dsn"})) return true;
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return false;
}

// What every process has, and what nobody keeps a secret in.
bool is_of_system(std::string_view name) {
  return is_one_of(name, {"home", "path", "lang", "user", "logname", "pwd", "tmpdir", "shell", "term", "tz",
                          "hostname"}) ||
         name.starts_with("LC_") || name.starts_with("XDG_");
}

bool is_usual_setting(std::string_view value) {
  return is_one_of(value, {"production", "development", "staging", "testing", "default", "enabled",
                           "disabled", "warning", "verbose", "information"});
}

enum class Kind { none, variable, header, argument, url, other };

Kind kind_of(Path const& path) {
  if (path.size() < 3 || path[0] != "servers") return Kind::none;
  if (path[2] == "env") return Kind::variable;
  if (path[2] == "headers") return Kind::header;
  if (path[2] == "args") return Kind::argument;
  return path[2] == "url" || path[2] == "urls" ? Kind::url : Kind::other;
}

// Of `Bearer abc` what follows the scheme. A header has one whatever its name.
std::string_view behind_scheme(std::string_view value, Kind kind) {
  auto const space = value.find(' ');
  if (space == std::string_view::npos) return value;
  bool const known = is_one_of(value.substr(0, space), {"bearer", "basic", "token", "apikey", "digest"});
  return known || kind == Kind::header ? value.substr(space + 1) : value;
}

// --- URLs

struct Url {
  std::string_view whole;
  std::string_view user;
  std::string_view password;
  std::string_view query;
};

// Where the part before `@` ends, "" for none: it may have a `/` in it that should have been escaped.
std::string_view user_info(std::string_view rest) {
  auto const authority = rest.substr(0, rest.find_first_of("/?#"));
  auto const at = authority.rfind('@');
  if (at != std::string_view::npos) return rest.substr(0, at);
  auto const colon = authority.find(':');
  bool const port = colon == std::string_view::npos || authority.starts_with('[') ||
                    authority.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
  auto const later = rest.rfind('@');
  return port || later == std::string_view::npos ? std::string_view() : rest.substr(0, later);
}

std::optional<Url> next_url(std::string_view text, std::size_t& from) {
  auto const sign = text.find("://", from);
  if (sign == std::string_view::npos) return std::nullopt;
  auto begin = sign;
  while (begin > from && kNameBytes.find(text[begin - 1]) != std::string_view::npos) --begin;
  auto const end = std::min(text.find_first_of(" \t\r\n\"'`<>", sign), text.size());
  from = std::max(end, sign + 3);
  Url url;
  url.whole = text.substr(begin, end - begin);
  auto rest = text.substr(sign + 3, end - sign - 3);
  auto const user = user_info(rest);
  auto const colon = user.find(':');
  url.user = user.substr(0, colon);
  if (colon != std::string_view::npos) url.password = user.substr(colon + 1);
  rest.remove_prefix(user.size());
  auto const mark = rest.find('?');
  if (mark == std::string_view::npos) return url;
  auto const hash = has_reference(rest) ? rest.size() : rest.find('#', mark);  // ${vault:path#key}
  url.query = rest.substr(mark + 1, hash - mark - 1);
  return url;
}

bool is_literal_credential(std::string_view value);

// What stands before `:` is a name as a rule; alone, or with nothing behind it, it may be a token.
std::string_view secret_of(Url const& url) {
  if (!url.password.empty()) return url.password;
  return is_literal_credential(url.user) ? url.user : std::string_view();
}

template <class Take>
void each_of_query(std::string_view query, Take take) {
  while (!query.empty()) {
    auto const end = std::min(query.find_first_of("&;"), query.size());
    auto const pair = query.substr(0, end);
    auto const equals = std::min(pair.find('='), pair.size());
    take(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

bool is_bare_url(std::string_view text) {
  std::size_t from = 0;
  auto const url = next_url(text, from);
  return url && url->whole == text && url->user.empty() && url->password.empty() && url->query.empty();
}

// A URL in a query may have none of its own: nothing is looked at in any depth.
bool is_secret_of_query(std::string_view name, std::string_view value) {
  if (is_credential_name(name)) return value.size() >= kPartBytesMin;
  return value.size() >= kLiteralBytesMin && !is_harmless_text(value) && !is_bare_url(value);
}

bool is_harmless_url(Url const& url) {
  bool harmless = secret_of(url).empty();
  each_of_query(url.query, [&](auto name, auto value) {
    if (is_secret_of_query(name, value)) harmless = false;
  });
  return harmless;
}

bool is_harmless_url(std::string_view text) {
  std::size_t from = 0;
  auto const url = next_url(text, from);
  return url && url->whole == text && is_harmless_url(*url);
}

// A name may say that there is a credential, and the value be only where it is.
bool is_only_a_place(std::string_view value) { return is_place_on_disk(value) || is_harmless_url(value); }

bool is_literal_credential(std::string_view value) {
  return value.size() >= kLiteralBytesMin && !is_harmless_text(value) && !is_harmless_url(value);
}

// --- parts of a scalar

class Parts {
 public:
  void add(std::string_view part) {
    if (!part.empty()) all_.push_back(part);
  }
  void add_long(std::string_view part) {
    if (part.size() >= kPartBytesMin) add(part);
  }
  std::vector<std::string_view> take() { return std::move(all_); }

 private:
  std::vector<std::string_view> all_;
};

// Of `token=VALUE`, wherever it stands: an option, a variable, a connection string, a query.
void add_named_values(std::string_view text, Parts& parts) {
  for (auto at = text.find('='); at != std::string_view::npos; at = text.find('=', at)) {
    auto begin = at;
    while (begin > 0 && kNameBytes.find(text[begin - 1]) != std::string_view::npos) --begin;
    auto const name = text.substr(begin, at - begin);
    ++at;
    if (!is_credential_name(name)) continue;
    auto const value = text.substr(at, text.find_first_of(" \t\r\n&;,\"'`", at) - at);
    at += value.size();
    bool const of_shell = value.starts_with('$') && !value.starts_with("${");
    if (!of_shell && !is_only_a_place(value)) parts.add_long(value);
  }
}

bool is_credential_option(std::string_view argument) {
  return argument.starts_with('-') && argument.find('=') == std::string_view::npos &&
         argument.find_first_not_of(kNameBytes) == std::string_view::npos && is_credential_name(argument);
}

void add_argument(std::string_view text, std::string_view before, Parts& parts) {
  if (is_credential_option(before) && !text.starts_with('-') && !is_only_a_place(text))
    parts.add_long(behind_scheme(text, Kind::header));
  auto const colon = text.find(':');  // "Authorization: Bearer abc"
  if (colon == std::string_view::npos || !is_credential_name(text.substr(0, colon))) return;
  if (text.substr(0, colon).find_first_not_of(kNameBytes) != std::string_view::npos) return;
  auto value = text.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  if (!value.starts_with("//") && !is_only_a_place(value)) parts.add_long(behind_scheme(value, Kind::header));
}

void add_of_urls(std::string_view text, bool queries, Parts& parts) {
  std::size_t from = 0;
  while (auto const url = next_url(text, from)) {
    parts.add_long(secret_of(*url));
    if (!queries) continue;
    each_of_query(url->query, [&](auto name, auto value) {
      if (is_secret_of_query(name, value)) parts.add(value);
    });
  }
}

// --- for people

// The literal runs of a part give way to ***, its references stay; of those, defaults go.
std::string hidden(std::string_view part) {
  std::string out;
  while (!part.empty()) {
    auto const begin = std::min(part.find("${"), part.size());
    if (begin > 0) out += "***";
    part.remove_prefix(begin);
    auto const end = part.find('}');
    if (part.empty() || end == std::string_view::npos) return out + (part.empty() ? "" : "***");
    auto const reference = part.substr(0, end + 1);
    auto const fallback = std::min(reference.find(":-"), reference.size() - 1);
    bool const has_default = fallback + 3 < reference.size();
    out += has_default ? std::string(reference.substr(0, fallback)) + ":-***}" : std::string(reference);
    part.remove_prefix(end + 1);
  }
  return out;
}

// Beside references, each literal run counts for itself, and so does each default.
void add_runs(std::string_view text, std::size_t bytes_min, Parts& parts) {
  auto const add = [&](std::string_view run) {
    if (run.size() >= bytes_min && !is_harmless_text(run) && !is_harmless_url(run)) parts.add(run);
  };
  while (!text.empty()) {
    auto const begin = std::min(text.find("${"), text.size());
    add(text.substr(0, begin));
    text.remove_prefix(begin);
    auto const end = std::min(text.find('}'), text.size());
    auto const reference = text.substr(0, end);
    auto const fallback = reference.find(":-");
    if (fallback != std::string_view::npos) add(reference.substr(fallback + 2));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

bool is_credential_path(Path const& path) noexcept {
  bool const in_cache = path.size() == 3 && path[0] == "caching" && path[1].starts_with("l2");
  if (in_cache) return path[2] == "password" || path[2] == "secret";
  if (path.size() == 3 && path[0] == "auth") return path[2] == "client_secret";
  if (path.size() == 3 && path[0] == "secrets") return path[2] == "token" || path[2] == "secret_id";
  if (path.size() < 4 || path[0] != "servers") return false;
  if (path[2] == "auth") {
    constexpr std::string_view kSecret[] = {"token",         "value",    "client_secret", "client_key",
                                            "refresh_token", "password", "dpop_key",      "assertion"};
    return std::find(std::begin(kSecret), std::end(kSecret), path.back()) != std::end(kSecret);
  }
  if (path[2] != "headers" && path[2] != "env") return false;
  return is_credential_name(path[3]);
}

bool is_credential_variable(std::string_view name, std::string_view value, Path const& path) noexcept {
  auto const kind = kind_of(path);
  bool const in_auth = kind == Kind::other && path.size() >= 4 && path[2] == "auth";
  if (is_credential_name(name) || in_auth) return !is_only_a_place(value);
  if (kind == Kind::none || kind == Kind::other || is_of_system(name)) return false;
  return !is_only_a_place(value) && !is_number(value) && !is_host(value) && !is_usual_setting(value) &&
         !is_one_of(value, {"true", "false"});
}

std::string_view url_with_password(std::string_view text) noexcept {
  std::size_t from = 0;
  while (auto const url = next_url(text, from)) {
    if (!secret_of(*url).empty()) return url->whole;
  }
  return {};
}

std::vector<std::string_view> credentials_in(std::string_view text, ScalarPlace const& place,
                                             bool written_out) {
  Parts parts;
  auto const kind = kind_of(place.path);
  bool const own_text = kind == Kind::variable || kind == Kind::header;
  if (is_credential_path(place.path)) {
    if (kind != Kind::variable || !is_only_a_place(text)) parts.add(behind_scheme(text, kind));
  } else if (own_text && written_out && is_literal_credential(text)) {
    parts.add(behind_scheme(text, kind));
  }
  if (kind == Kind::argument) add_argument(text, place.before, parts);
  if (own_text || kind == Kind::argument) add_named_values(text, parts);
  add_of_urls(text, kind != Kind::none && kind != Kind::other, parts);
  return parts.take();
}

std::string without_credentials(std::string_view text, ScalarPlace const& place) {
  auto const kind = kind_of(place.path);
  bool const by_reference = has_reference(text);
  bool const credential = is_credential_path(place.path);
  if (credential && !by_reference) return "***";
  std::vector<std::string_view> parts;
  if (!credential) parts = credentials_in(text, place, !by_reference);
  if (by_reference && (credential || kind == Kind::variable || kind == Kind::header)) {
    Parts runs;
    add_runs(text, credential ? kPartBytesMin : kLiteralBytesMin, runs);
    for (auto const run : runs.take()) parts.push_back(run);
  }
  // The outermost of what overlaps.
  std::sort(parts.begin(), parts.end(), [](std::string_view a, std::string_view b) {
    return a.data() != b.data() ? a.data() < b.data() : a.size() > b.size();
  });
  std::string out;
  std::size_t at = 0;
  for (auto const part : parts) {
    auto const begin = static_cast<std::size_t>(part.data() - text.data());
    if (begin < at) continue;
    out.append(text.substr(at, begin - at)).append(hidden(part));
    at = begin + part.size();
  }
  return out.append(text.substr(at));
}

}  // namespace weir::config
