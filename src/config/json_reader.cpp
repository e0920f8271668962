// JSON (RFC 8259) with comments and trailing commas, as editors write it. Our own, because YAML's flow syntax
// is not a superset: it has no comments of this kind, no \/ and no surrogate pairs.
#include <charconv>

#include "config/tree_builder.hpp"

namespace weir::config {
namespace {

class Reader {
 public:
  Reader(SharedText const& source, Problems& problems)
      : source_(source), problems_(problems), builder_(problems), text_(source->text) {}

  Node read() {
    skip();
    if (value(0)) {
      skip();
      if (at_ < text_.size()) fail("nothing may follow the value");
    }
    return builder_.take();
  }

 private:
  bool fail(char const* message) {
    if (!builder_.stopped()) problems_.error("WEIR-E003", mark(), std::string("not valid JSON: ") + message);
    builder_.stop();
    return false;
  }
  Mark mark() const { return Mark{source_, line_, static_cast<std::uint32_t>(at_ - line_start_ + 1), 1}; }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  void skip() {  // white space and comments
    while (at_ < text_.size()) {
      auto const rest = text_.substr(at_);
      if (rest.starts_with("//")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (rest.starts_with("/*")) {
        auto const end = text_.find("*/", at_ + 2);
        auto const stop = end == std::string_view::npos ? text_.size() : end + 2;
        while (at_ < stop) step();
      } else if (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r' || rest[0] == '\n') {
        step();
      } else {
        return;
      }
    }
  }
  void step() {
    if (text_[at_++] != '\n') return;
    ++line_;
    line_start_ = at_;
  }

  bool value(std::size_t depth) {
    if (builder_.stopped()) return false;
    if (peek() == '{' || peek() == '[') return container(depth);
    if (peek() == '"') {
      Node node;
      return string(node) && add(std::move(node));
    }
    return word();
  }
  bool add(Node node) {
    builder_.scalar(std::move(node));
    return !builder_.stopped();
  }

  bool container(std::size_t depth) {
    bool const map = peek() == '{';
    char const close = map ? '}' : ']';
    builder_.begin(map ? Node::Kind::map : Node::Kind::sequence, mark());
    if (builder_.stopped()) return false;
    ++at_;
    while (true) {
      skip();
      if (take(close)) break;
      if (map && !key()) return false;
      skip();
      if (!value(depth + 1)) return false;
      skip();
      if (take(',')) continue;
      if (!take(close)) return fail(map ? "expected `,` or `}`" : "expected `,` or `]`");
      break;
    }
    builder_.end();
    return !builder_.stopped();
  }
  bool key() {
    Node node;
    if (peek() != '"') return fail("expected a key in double quotes");
    if (!string(node) || !add(std::move(node))) return false;
    skip();
    return take(':') || fail("expected `:` after the key");
  }

  bool word() {
    Node node;
    node.mark = mark();
    auto const begin = at_;
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n,:]}[{\"/").find(text_[at_]) == std::string_view::npos)
      ++at_;
    node.text = text_.substr(begin, at_ - begin);
    node.kind = plain_kind(node.text);
    node.mark.length = static_cast<std::uint32_t>(std::max<std::size_t>(node.text.size(), 1));
    bool const literal = node.text == "true" || node.text == "false" || node.text == "null";
    if (literal || is_number(node.text)) return add(std::move(node));
    at_ = begin;
    return fail(node.text.empty() ? "expected a value" : "expected a value: text needs double quotes");
  }
  static bool is_number(std::string_view text) {
    double number = 0;
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    auto const digits = text.substr(text.starts_with('-') ? 1 : 0);
    bool const first = !digits.empty() && digits[0] >= '0' && digits[0] <= '9';
    bool const zero = digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9';
    auto const dot = digits.find('.');
    bool const bare_dot = dot != std::string_view::npos &&
                          (dot + 1 == digits.size() || digits[dot + 1] < '0' || digits[dot + 1] > '9');
    return (failed == std::errc() || failed == std::errc::result_out_of_range) &&
           end == text.data() + text.size() && first && !zero && !bare_dot;
  }

  bool string(Node& node) {
    node.kind = Node::Kind::text;
    node.quoted = true;
    node.mark = mark();
    ++at_;
    while (true) {
      if (at_ >= text_.size() || peek() == '\n') return fail("the string does not end on its line");
      if (take('"')) break;
      if (peek() == '\t') return fail("a tab inside a string must be written \\t");
      if (take('\\')) {
        if (!escape(node.text)) return false;
      } else {
        node.text += text_[at_++];
      }
    }
    node.mark.length = static_cast<std::uint32_t>(at_ - line_start_ + 1) - node.mark.column;
    return true;
  }
  bool escape(std::string& out) {
    static constexpr std::string_view kFrom = "\"\\/bfnrt";
    static constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    char const c = peek();
    if (c == 'u') return unicode(out);
    auto const which = c == '\0' ? std::string_view::npos : kFrom.find(c);
    if (which == std::string_view::npos) return fail("unknown escape");
    out += kTo[which];
    ++at_;
    return true;
  }
  bool unicode(std::string& out) {
    auto point = hex4();
    if (point >= 0xD800 && point <= 0xDBFF && text_.substr(at_).starts_with("\\u")) {
      ++at_;
      auto const low = hex4();
      point = low >= 0xDC00 && low <= 0xDFFF ? 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00) : kBad;
    }
    if (point == kBad || point == 0 || (point >= 0xD800 && point <= 0xDFFF)) return fail("a bad \\u escape");
    auto const put = [&](std::uint32_t bits) { out += static_cast<char>(static_cast<unsigned char>(bits)); };
    if (point < 0x80) {
      put(point);
    } else if (point < 0x800) {
      put(0xC0 | (point >> 6));
      put(0x80 | (point & 0x3F));
    } else {
      if (point < 0x10000) {
        put(0xE0 | (point >> 12));
      } else {
        put(0xF0 | (point >> 18));
        put(0x80 | ((point >> 12) & 0x3F));
      }
      put(0x80 | ((point >> 6) & 0x3F));
      put(0x80 | (point & 0x3F));
    }
    return true;
  }
  std::uint32_t hex4() {  // at the `u`
    std::uint32_t point = 0;
    auto const four = text_.substr(std::min(at_ + 1, text_.size()), 4);
    if (four.size() != 4 || std::from_chars(four.data(), four.data() + 4, point, 16).ptr != four.data() + 4)
      return kBad;
    at_ += 5;
    return point;
  }

  static constexpr std::uint32_t kBad = 0xFFFFFFFF;
  SharedText source_;
  Problems& problems_;
  TreeBuilder builder_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::uint32_t line_ = 1;
};

}  // namespace

Node read_json(SharedText const& source, Problems& problems, std::size_t bytes_max) {
  if (!check_text(source, problems, bytes_max)) return {};
  return Reader(source, problems).read();
}

}  // namespace weir::config
