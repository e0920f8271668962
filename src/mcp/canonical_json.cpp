#include "mcp/canonical_json.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "mcp/header_value.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"

namespace weir::mcp {
namespace {

constexpr JsonLimits kAny{.depth_max = 64, .nodes_max = std::numeric_limits<std::uint32_t>::max()};
constexpr std::size_t kIntegerBytes = 15;  // integers that long and shorter are within ±(2^53−1)

// Writes into one text. Most objects come with their keys in order; the others are put in order in place.
class CanonicalWriter {
 public:
  using Names = std::span<std::string_view const>;
  CanonicalWriter(std::string_view json, std::string& out) : cursor_(json, kAny), out_(out) {}

  void value();
  void object(Names without);

 private:
  struct Member {  // places in the text: `"key":value`
    std::size_t begin, key_end, end;
  };
  void string(JsonValue const& value);
  void scalar();
  void put_in_order(std::size_t inside, std::size_t first);
  std::string_view key_of(Member const& member) const noexcept {
    return std::string_view(out_).substr(member.begin, member.key_end - member.begin);
  }

  JsonCursor cursor_;
  std::string& out_;
  std::vector<Member> members_;  // of all objects that are open, the innermost one's last
};

void CanonicalWriter::string(JsonValue const& value) {
  auto const token = value.span.of(cursor_.text());
  std::string text;
  if (value.escaped && decode_string(token, text)) {
    append_json_string(out_, text);
  } else {
    out_.append(token);
  }
}

void CanonicalWriter::scalar() {
  JsonValue value;
  if (!cursor_.read_value(value)) return;
  if (value.kind == JsonKind::string) return string(value);
  auto const token = value.span.of(cursor_.text());
  bool const spelled_so = value.kind != JsonKind::number ||
                          (token.size() <= kIntegerBytes && is_integer_token(token) && token != "-0");
  std::string const number = spelled_so ? std::string() : canonical_integer(token);
  out_.append(number.empty() ? token : number);
}

void CanonicalWriter::put_in_order(std::size_t inside, std::size_t first) {
  auto const begin = members_.begin() + static_cast<std::ptrdiff_t>(first);
  std::stable_sort(begin, members_.end(),
                   [this](Member const& a, Member const& b) { return key_of(a) < key_of(b); });
  std::string ordered;
  ordered.reserve(out_.size() - inside);
  for (auto at = begin; at != members_.end(); ++at) {
    if (at != begin) ordered += ',';
    ordered.append(out_, at->begin, at->end - at->begin);
  }
  out_.resize(inside);
  out_.append(ordered);
}

void CanonicalWriter::object(Names without) {
  JsonValue key;
  if (!cursor_.enter_object()) return;
  out_ += '{';
  std::size_t const inside = out_.size();
  std::size_t const first = members_.size();
  bool in_order = true;
  while (cursor_.next_member(key)) {
    std::size_t const before = out_.size();
    if (before > inside) out_ += ',';
    Member member{out_.size(), 0, 0};
    string(key);
    member.key_end = out_.size();
    auto const name = key_of(member);
    if (std::find(without.begin(), without.end(), name.substr(1, name.size() - 2)) != without.end()) {
      out_.resize(before);
      cursor_.skip_value();
      continue;
    }
    if (members_.size() > first && name < key_of(members_.back())) in_order = false;
    out_ += ':';
    value();
    member.end = out_.size();
    members_.push_back(member);
  }
  if (!in_order) put_in_order(inside, first);
  members_.resize(first, Member{});
  out_ += '}';
}

void CanonicalWriter::value() {
  JsonKind kind{};
  if (!cursor_.peek(kind)) return;
  if (kind == JsonKind::object) return object({});
  if (kind != JsonKind::array) return scalar();
  out_ += '[';
  std::size_t const inside = out_.size();
  for (cursor_.enter_array(); cursor_.next_element();) {
    if (out_.size() > inside) out_ += ',';
    value();
  }
  out_ += ']';
}

}  // namespace

void append_canonical(std::string& out, std::string_view json) { CanonicalWriter(json, out).value(); }

void append_canonical_object(std::string& out, std::string_view json,
                             std::span<std::string_view const> without) {
  if (json.starts_with('{')) CanonicalWriter(json, out).object(without);
}

std::string canonical_json(std::string_view json) {
  std::string out;
  append_canonical(out, json);
  return out;
}

std::string canonical_object(std::string_view json, std::span<std::string_view const> without) {
  std::string out;
  append_canonical_object(out, json, without);
  return out;
}

}  // namespace weir::mcp
