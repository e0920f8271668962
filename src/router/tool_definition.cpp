#include "router/tool_definition.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "mcp/canonical_json.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"

namespace weir::router {
namespace {

using mcp::JsonKind;
using mcp::JsonValue;

constexpr std::array<std::string_view, 6> kCompared{"annotations", "description",  "inputSchema",
                                                    "name",        "outputSchema", "title"};
constexpr mcp::JsonLimits kDecodedBefore{.depth_max = 64,
                                         .nodes_max = std::numeric_limits<std::uint32_t>::max()};

// One value that is no container, and where it stands.
struct Line {
  std::string path;
  std::string text;
  friend bool operator==(Line const&, Line const&) = default;
};

std::string text_of(std::string_view token) {
  std::string text;
  if (mcp::kind_of_token(token) != JsonKind::string || !mcp::decode_string(token, text))
    return std::string(token);
  return text;
}

// Appends what is in the next value of the cursor.
void flatten(mcp::JsonCursor& cursor, std::string const& path, std::vector<Line>& out) {
  JsonKind kind{};
  JsonValue value;
  if (!cursor.peek(kind)) return;
  if (kind == JsonKind::object) {
    cursor.enter_object();
    bool empty = true;
    while (cursor.next_member(value)) {
      empty = false;
      auto const name = text_of(value.span.of(cursor.text()));
      flatten(cursor, path.empty() ? name : path + "." + name, out);
    }
    if (empty && !path.empty()) out.push_back({path, "{}"});
  } else if (kind == JsonKind::array) {
    cursor.enter_array();
    std::size_t index = 0;
    while (cursor.next_element()) flatten(cursor, path + "[" + std::to_string(index++) + "]", out);
    if (index == 0) out.push_back({path, "[]"});
  } else if (cursor.read_value(value)) {
    out.push_back({path, text_of(value.span.of(cursor.text()))});
  }
}

std::vector<Line> lines_of(std::string_view definition) {
  std::vector<Line> out;
  mcp::JsonCursor cursor(definition, kDecodedBefore);
  flatten(cursor, {}, out);
  return out;
}

std::string_view cut_short(std::string_view text) noexcept {
  if (text.size() <= kDiffLineBytesMax) return text;
  std::size_t end = kDiffLineBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

// Writes lines until there are too many, and then says so, once.
class Writer {
 public:
  void add(char mark, std::string_view path, std::string_view text) {
    if (++written_ > kDiffLinesMax) return;
    out_.append(1, mark).append(" ").append(cut_short(with_hidden_shown(path)));
    out_.append(": ").append(cut_short(with_hidden_shown(text))).append("\n");
  }
  // A text of several lines, one by one.
  void add_all(char mark, std::string_view path, std::vector<std::string_view> const& texts) {
    for (auto const text : texts) add(mark, path, text);
  }
  std::string take() {
    if (written_ > kDiffLinesMax)
      out_ += "… and " + std::to_string(written_ - kDiffLinesMax) + " more lines\n";
    return std::move(out_);
  }

 private:
  std::string out_;
  std::size_t written_ = 0;
};

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> out;
  for (;;) {
    auto const end = text.find('\n');
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

// Two texts at one place: what they have in common before and behind is left out.
void add_change(Writer& out, std::string_view path, std::string_view before, std::string_view now) {
  auto old_lines = split(before);
  auto new_lines = split(now);
  while (!old_lines.empty() && !new_lines.empty() && old_lines.back() == new_lines.back()) {
    old_lines.pop_back();
    new_lines.pop_back();
  }
  auto const [a, b] = std::mismatch(old_lines.begin(), old_lines.end(), new_lines.begin(), new_lines.end());
  out.add_all('-', path, {a, old_lines.end()});
  out.add_all('+', path, {b, new_lines.end()});
}

}  // namespace

// The canonical text first: only there is a member's name written in one way.
std::string definition_of(std::string_view tool) {
  auto const whole = mcp::canonical_json(tool);
  std::string out = "{";
  mcp::JsonCursor cursor(whole, kDecodedBefore);
  JsonValue name, value;
  cursor.enter_object();
  while (cursor.next_member(name) && cursor.read_value(value)) {
    if (std::find(kCompared.begin(), kCompared.end(), name.inner(whole)) == kCompared.end()) continue;
    out.append(out.size() > 1 ? "," : "")
        .append(name.span.of(whole))
        .append(":")
        .append(value.span.of(whole));
  }
  return out += '}';
}

std::string definition_hash(std::string_view definition) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<unsigned char const*>(definition.data()), definition.size(), digest);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (unsigned char const byte : digest) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15U];
  }
  return out;
}

Hidden hidden_in_definition(std::string_view definition) {
  Hidden found = Hidden::none;
  for (auto const& line : lines_of(definition)) found = found | hidden_in(line.path) | hidden_in(line.text);
  return found;
}

std::string definition_diff(std::string_view before, std::string_view now) {
  auto const old_lines = lines_of(before);
  auto const new_lines = lines_of(now);
  Writer out;
  auto a = old_lines.begin();
  auto b = new_lines.begin();
  auto const is_in = [](std::vector<Line> const& lines, std::vector<Line>::const_iterator from,
                        std::string_view path) {
    return std::any_of(from, lines.end(), [&](Line const& line) { return line.path == path; });
  };
  while (a != old_lines.end() || b != new_lines.end()) {
    if (a != old_lines.end() && b != new_lines.end() && a->path == b->path) {
      if (a->text != b->text) add_change(out, a->path, a->text, b->text);
      ++a;
      ++b;
    } else if (b == new_lines.end() || (a != old_lines.end() && !is_in(new_lines, b, a->path))) {
      out.add_all('-', a->path, split(a->text));
      ++a;
    } else {
      out.add_all('+', b->path, split(b->text));
      ++b;
    }
  }
  return out.take();
}

std::string hidden_lines(std::string_view definition) {
  Writer out;
  for (auto const& line : lines_of(definition)) {
    bool const in_path = hidden_in(line.path) != Hidden::none;
    for (auto const text : split(line.text)) {
      if (in_path || hidden_in(text) != Hidden::none) out.add('!', line.path, text);
    }
  }
  return out.take();
}

}  // namespace weir::router
