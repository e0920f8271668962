// YAML through yaml-cpp's event interface. What it accepts beyond YAML 1.2 core is refused here.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>

#include "config/tree_builder.hpp"

namespace weir::config {
namespace {

constexpr std::string_view kCoreTag = "tag:yaml.org,2002:";

class Events final : public YAML::EventHandler {
 public:
  Events(SharedText const& source, Problems& problems)
      : source_(source), problems_(problems), builder_(problems) {
    line_starts_.push_back(0);
    for (std::size_t at = 0; at < source->text.size(); ++at) {
      if (source->text[at] == '\n') line_starts_.push_back(at + 1);
    }
  }

  bool in_second_document() const { return documents_ > 1; }

  void OnDocumentStart(YAML::Mark const& mark) override {
    if (++documents_ != 2) return;
    auto& problem = problems_.error("WEIR-E005", mark_of(mark), "a second document begins here");
    problem.fix = "keep one document; remove the `---` line and what follows";
    builder_.stop();
  }
  void OnDocumentEnd() override {}
  void OnNull(YAML::Mark const& mark, YAML::anchor_t anchor) override {
    Node node;
    node.mark = mark_of(mark);
    builder_.scalar(std::move(node), anchor);
  }
  void OnAlias(YAML::Mark const& mark, YAML::anchor_t anchor) override {
    builder_.alias(anchor, mark_of(mark));
  }
  void OnScalar(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                std::string const& value) override {
    Node node;
    node.text = value;
    node.mark = mark_of(mark);
    node.mark.length = length_of(node.mark, value);
    bool const plain = tag == "?" || tag.empty();
    bool const text = tag == "!" || tag == std::string(kCoreTag) + "str";
    if (!plain && !text && !is_core(tag, {"int", "float", "bool", "null"})) refuse_tag(node.mark, tag);
    node.quoted = text;
    node.kind = text ? Node::Kind::text : plain_kind(value);
    builder_.scalar(std::move(node), anchor);
  }
  void OnSequenceStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    if (!is_core(tag, {"seq"})) refuse_tag(mark_of(mark), tag);
    builder_.begin(Node::Kind::sequence, mark_of(mark), anchor);
  }
  void OnSequenceEnd() override { builder_.end(); }
  void OnMapStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    if (!is_core(tag, {"map"})) refuse_tag(mark_of(mark), tag);
    builder_.begin(Node::Kind::map, mark_of(mark), anchor);
  }
  void OnMapEnd() override { builder_.end(); }

  void fail(YAML::Mark const& mark, std::string message) {
    if (!builder_.stopped()) problems_.error("WEIR-E003", mark_of(mark), std::move(message));
    builder_.stop();
  }
  Node take() { return builder_.take(); }

 private:
  static bool is_core(std::string_view tag, std::initializer_list<std::string_view> names) {
    if (tag.empty() || tag == "?" || tag == "!") return true;
    if (!tag.starts_with(kCoreTag)) return false;
    for (auto const name : names) {
      if (tag.substr(kCoreTag.size()) == name) return true;
    }
    return false;
  }
  void refuse_tag(Mark const& mark, std::string const& tag) {
    problems_.error("WEIR-E003", mark, "the tag `" + tag + "` is not supported");
  }
  Mark mark_of(YAML::Mark const& mark) const {
    if (mark.is_null() || mark.line < 0 || mark.column < 0) return Mark{source_, 0, 0, 1};
    return Mark{source_, static_cast<std::uint32_t>(mark.line) + 1,
                static_cast<std::uint32_t>(mark.column) + 1, 1};
  }

  // The scalar as it stands in the text, up to the end of its first line.
  std::uint32_t length_of(Mark const& mark, std::string const& value) const {
    if (mark.line == 0 || mark.line > line_starts_.size()) return 1;
    std::string_view rest = source_->text;
    rest.remove_prefix(std::min(line_starts_[mark.line - 1] + mark.column - 1, rest.size()));
    rest = rest.substr(0, rest.find_first_of("\r\n"));
    std::size_t length = 0;
    if (rest.starts_with('"') || rest.starts_with('\'')) {
      for (length = 1; length < rest.size() && rest[length] != rest[0]; ++length) {
        if (rest[length] == '\\' && rest[0] == '"') ++length;
      }
      length = std::min(length + 1, rest.size());
    } else {
      length = rest.starts_with(value) ? value.size() : rest.size();
    }
    return static_cast<std::uint32_t>(std::max<std::size_t>(length, 1));
  }

  SharedText source_;
  Problems& problems_;
  TreeBuilder builder_;
  std::vector<std::size_t> line_starts_;
  int documents_ = 0;
};

}  // namespace

Node read_yaml(SharedText const& source, Problems& problems) {
  if (!check_text(source, problems)) return {};
  Events events(source, problems);
  try {
    std::istringstream stream(source->text);
    YAML::Parser parser(stream);
    // yaml-cpp 0.7 finds empty documents without end in text like ",a", so the second one is the last.
    while (!events.in_second_document() && parser.HandleNextDocument(events)) {
    }
  } catch (YAML::Exception const& error) {
    events.fail(error.mark, "not valid YAML: " + error.msg);
  } catch (std::exception const& error) {
    events.fail(YAML::Mark::null_mark(), std::string("not valid YAML: ") + error.what());
  }
  return events.take();
}

}  // namespace weir::config
