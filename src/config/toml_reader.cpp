// TOML through toml++ 3.3 (header-only), for one client's file. Its exceptions end here.
//
// A plain syntax error such as `[/` trips an assertion in it, which a release build turns into an assumption.
// So its assertions stay on in every build, and throw.
#include <stdexcept>
[[noreturn]] static void refuse_toml() { throw std::logic_error("unexpected text"); }
#undef NDEBUG
#define TOML_ASSERT(condition) ((condition) ? static_cast<void>(0) : refuse_toml())
#include <toml++/toml.h>

#include <algorithm>

#include "config/json_text.hpp"
#include "config/tree_builder.hpp"

namespace weir::config {
namespace {

class Reader {
 public:
  Reader(SharedText const& source, Problems& problems) : source_(source), problems_(problems) {}

  Node read() {
    TreeBuilder builder(problems_);
    try {
      convert(toml::parse(std::string_view(source_->text), std::string_view(source_->name)), builder);
    } catch (toml::parse_error const& error) {
      problems_.error("WEIR-E003", mark_of(error.source().begin),
                      "not valid TOML: " + std::string(error.description()));
      return {};
    } catch (std::exception const& error) {
      problems_.error("WEIR-E003", Mark{source_, 0, 0, 1}, std::string("not valid TOML: ") + error.what());
      return {};
    }
    return builder.take();
  }

 private:
  // toml++ counts columns in characters; ours are bytes.
  Mark mark_of(toml::source_position place) const {
    Mark mark{source_, place.line, 1, 1};
    if (place.line == 0) return mark;
    std::string_view rest = source_->text;
    for (std::uint32_t line = 1; line < place.line; ++line)
      rest.remove_prefix(std::min(rest.find('\n') + 1, rest.size()));
    for (std::uint32_t i = 1; i < place.column && !rest.empty(); ++i) {
      auto const length = std::max(utf8_length(rest), 1U);
      mark.column += length;
      rest.remove_prefix(length);
    }
    return mark;
  }

  void convert(toml::node const& node, TreeBuilder& builder) {
    if (builder.stopped()) return;
    if (auto const* table = node.as_table()) {
      convert_table(*table, builder);
    } else if (auto const* array = node.as_array()) {
      builder.begin(Node::Kind::sequence, mark_of(node.source().begin));
      for (auto const& item : *array) convert(item, builder);
      builder.end();
    } else {
      builder.scalar(scalar_of(node));
    }
  }

  // toml++ sorts keys by name; the order of the file is restored by their places.
  void convert_table(toml::table const& table, TreeBuilder& builder) {
    builder.begin(Node::Kind::map, mark_of(table.source().begin));
    std::vector<std::pair<toml::key const*, toml::node const*>> members;
    for (auto const& [key, value] : table) members.emplace_back(&key, &value);
    auto const place = [](auto const& member) {
      auto const begin = member.first->source().begin;
      return std::pair(begin.line, begin.column);
    };
    std::sort(members.begin(), members.end(),
              [&](auto const& a, auto const& b) { return place(a) < place(b); });
    for (auto const& [key, value] : members) {
      Node name;
      name.kind = Node::Kind::text;
      name.quoted = true;
      name.text = key->str();
      name.mark = mark_of(key->source().begin);
      name.mark.length = static_cast<std::uint32_t>(std::max<std::size_t>(name.text.size(), 1));
      builder.scalar(std::move(name));
      convert(*value, builder);
    }
    builder.end();
  }

  Node scalar_of(toml::node const& node) const {
    Node result;
    result.mark = mark_of(node.source().begin);
    result.kind = Node::Kind::text;
    if (auto const* text = node.as_string()) {
      result.text = text->get();
      result.quoted = true;
    } else if (auto const* boolean = node.as_boolean()) {
      result.text = boolean->get() ? "true" : "false";
      result.kind = Node::Kind::boolean;
    } else if (auto const* integer = node.as_integer()) {
      result.text = std::to_string(integer->get());
      result.kind = Node::Kind::integer;
    } else if (auto const* real = node.as_floating_point()) {
      result.text = std::to_string(real->get());
      result.kind = Node::Kind::real;
    }
    return result;
  }

  SharedText source_;
  Problems& problems_;
};

// Every dot of a key is a level, and toml++ destroys its tables by recursion: a line with very many is
// refused.
bool has_long_key(std::string_view text) {
  std::size_t dots = 0;
  for (char const c : text) {
    dots = c == '\n' ? 0 : dots + (c == '.' ? 1 : 0);
    if (dots > 1000) return true;
  }
  return false;
}

// toml++ 3.3 runs into a branch that it declares unreachable for any character from U+FB26 to U+FEFE.
bool has_deadly_character(std::string_view text) {
  for (auto at = text.find('\xEF'); at != std::string_view::npos; at = text.find('\xEF', at + 1)) {
    auto const character = text.substr(at, 3);
    if (character >= "\xEF\xAC\xA6" && character <= "\xEF\xBB\xBE") return true;
  }
  return false;
}

}  // namespace

Node read_toml(SharedText const& source, Problems& problems) {
  if (!check_text(source, problems)) return {};
  if (has_long_key(source->text)) {
    problems.error("WEIR-E002", Mark{source, 0, 0, 1}, "nested deeper than 64 levels");
    return {};
  }
  if (has_deadly_character(source->text)) {
    problems.error("WEIR-E003", Mark{source, 0, 0, 1},
                   "characters from U+FB26 to U+FEFE cannot be read in TOML");
    return {};
  }
  return Reader(source, problems).read();
}

}  // namespace weir::config
