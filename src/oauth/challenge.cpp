#include "oauth/challenge.hpp"

#include <algorithm>
#include <utility>

namespace weir::oauth {

namespace {

bool token_char(char c) noexcept {
  bool const alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return alnum || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

// Reads one piece after the other; what it cannot read it leaves.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  bool done() const noexcept { return text_.empty(); }
  std::string_view rest() const noexcept { return text_; }
  void restore(std::string_view rest) noexcept { text_ = rest; }
  void skip(std::string_view of) noexcept {
    text_.remove_prefix(std::min(text_.find_first_not_of(of), text_.size()));
  }
  bool take(char c) noexcept {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::string_view token() noexcept {
    std::size_t end = 0;
    while (end < text_.size() && token_char(text_[end])) ++end;
    auto const out = text_.substr(0, end);
    text_.remove_prefix(end);
    return out;
  }
  // A value without quotes, with what a token may not hold: servers write addresses and scopes like that.
  std::string_view bare() noexcept {
    std::size_t end = 0;
    while (end < text_.size() && text_[end] > ' ' && text_[end] < 0x7f && text_[end] != ',' &&
           text_[end] != '"') {
      ++end;
    }
    if (text_.starts_with('=')) end = 0;  // of a token68
    auto const out = text_.substr(0, end);
    text_.remove_prefix(end);
    return out;
  }
  std::optional<std::string> quoted() {
    std::string out;
    for (std::size_t at = 1; at < text_.size(); ++at) {
      char c = text_[at];
      if (c == '"') {
        text_.remove_prefix(at + 1);
        return out;
      }
      if (c == '\\' && ++at < text_.size()) c = text_[at];
      if (static_cast<unsigned char>(c) < 0x20) return std::nullopt;
      out += c;
    }
    return std::nullopt;
  }

 private:
  std::string_view text_;
};

// `name = value`; nothing, and nothing taken, when a new challenge or something else begins here.
std::optional<std::pair<std::string, std::string>> parameter(Reader& reader) {
  auto const before = reader.rest();
  auto const name = reader.token();
  reader.skip(" \t");
  if (name.empty() || !reader.take('=')) {
    reader.restore(before);
    return std::nullopt;
  }
  reader.skip(" \t");
  if (reader.rest().starts_with('"')) {
    if (auto text = reader.quoted()) return std::pair(lower(name), std::move(*text));
    reader.restore({});  // an open quote: the rest has no reading
    return std::nullopt;
  }
  auto const value = reader.bare();
  if (value.empty()) {
    reader.restore(before);
    return std::nullopt;
  }
  return std::pair(lower(name), std::string(value));
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    auto const end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

// Parameters up to the next challenge; nothing when one comes twice.
std::optional<Challenge> parameters_of(Reader& reader) {
  Challenge challenge;
  std::vector<std::string> seen;
  bool twice = false;
  for (;;) {
    reader.skip(" \t,");
    auto found = parameter(reader);
    if (!found) break;
    auto& [name, value] = *found;
    twice = twice || std::find(seen.begin(), seen.end(), name) != seen.end();
    if (name == "resource_metadata") challenge.resource_metadata = value;
    if (name == "scope") challenge.scopes = words_of(value);
    if (name == "error") challenge.error = value;
    seen.push_back(std::move(name));
  }
  if (twice) return std::nullopt;
  return challenge;
}

// What one challenge leaves out another one may say: servers that take both kinds of tokens send two.
void complete(std::optional<Challenge>& found, Challenge more) {
  if (!found) {
    found = std::move(more);
    return;
  }
  if (found->resource_metadata.empty()) found->resource_metadata = std::move(more.resource_metadata);
  if (found->scopes.empty()) found->scopes = std::move(more.scopes);
  if (found->error.empty()) found->error = std::move(more.error);
}

}  // namespace

std::optional<Challenge> Challenge::parse(std::string_view field, Scheme wanted) {
  std::optional<Challenge> found;
  Reader reader(field.substr(0, kTextMax));
  while (!reader.done()) {
    reader.skip(" \t,");
    auto const scheme = lower(reader.token());
    auto const parameters = reader.rest();
    reader.skip(" \t");
    bool const ours = scheme == "dpop" || (scheme == "bearer" && wanted == Scheme::any);
    if (ours && (parameters.empty() || parameters.front() == ' ' || parameters.front() == ',')) {
      if (auto challenge = parameters_of(reader)) complete(found, std::move(*challenge));
      continue;
    }
    if (reader.rest().starts_with('"')) {
      if (!reader.quoted()) return found;
      continue;
    }
    bool const took = reader.take('=') || reader.take('/');       // of a parameter, or of a token68
    if (scheme.empty() && !took && !reader.done()) return found;  // a byte that begins nothing
  }
  return found;
}

}  // namespace weir::oauth
