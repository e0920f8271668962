#include <fmt/format.h>
#include <string.h>  // explicit_bzero

#include <algorithm>
#include <cctype>

#include "config/expand.hpp"
#include "config/load_steps.hpp"

namespace weir::config {
namespace {

bool holds_any(std::string_view text, std::initializer_list<std::string_view> words) {
  std::string lower;
  for (char const c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::any_of(words.begin(), words.end(),
                     [&](auto word) { return lower.find(word) != std::string::npos; });
}

// The place of a reference inside the scalar, in the text as the person wrote it.
Mark mark_of_reference(Node const& node, Expansion::Failure const& failure) {
  auto const& mark = node.mark;
  if (!mark.source || mark.line == 0) return mark;
  std::string_view const text = mark.source->text;
  std::size_t begin = 0;
  for (std::uint32_t line = 1; line < mark.line; ++line) begin = text.find('\n', begin) + 1;
  begin = std::min(begin + mark.column - 1, text.size());
  auto const scalar = text.substr(begin, std::max<std::size_t>(mark.length, 2 * node.text.size() + 64));

  std::size_t earlier = 0;  // the same reference may stand in the scalar twice
  for (auto at = node.text.find(failure.reference); at < failure.offset;
       at = node.text.find(failure.reference, at + 1)) {
    ++earlier;
  }
  auto found = scalar.find(failure.reference);
  for (; earlier > 0 && found != std::string_view::npos; --earlier)
    found = scalar.find(failure.reference, found + 1);
  if (found == std::string_view::npos) return mark;

  Mark result = mark;
  result.length = static_cast<std::uint32_t>(failure.reference.size());
  auto const before = scalar.substr(0, found);
  auto const lines = std::count(before.begin(), before.end(), '\n');
  result.line += static_cast<std::uint32_t>(lines);
  result.column = lines == 0 ? mark.column + static_cast<std::uint32_t>(found)
                             : static_cast<std::uint32_t>(found - before.rfind('\n'));
  return result;
}

class Walk {
 public:
  Walk(ExpandContext const& context, ExpandOutcome& out, Problems& problems)
      : context_(context), out_(out), problems_(problems) {}

  void visit(Node& node) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      before_ = i == 0 ? std::string_view() : node.items[i - 1].value();
      visit(node.items[i]);
    }
    if (!node.items.empty()) before_ = {};
    for (auto& member : node.members) {
      path_.push_back(member.key);
      visit(member.value);
      path_.pop_back();
    }
    if (!node.is_scalar() || node.text.empty()) return;
    bool const written_out = !has_reference(node.text) || expand_scalar(node);
    if (!node.unset) keep_credentials(node.value(), {path_, before_}, written_out, out_.secrets);
  }

 private:
  std::string_view server() const {
    return path_.size() >= 2 && path_[0] == "servers" ? path_[1] : std::string_view();
  }

  // False: it has something in it that came from elsewhere.
  bool expand_scalar(Node& node) {
    auto expansion = expand(node.text, context_.environment, context_.workspace_folder);
    bool const written_out = expansion.secrets.empty() && expansion.variables.empty();
    for (auto& secret : expansion.secrets) out_.secrets.push_back(std::move(secret));
    for (auto& reference : expansion.references) keep_reference(node, std::move(reference));
    for (auto& [name, value] : expansion.variables) {
      if (is_credential_variable(name, value.reveal(), path_)) out_.secrets.push_back(value);
      out_.variables.push_back({std::move(name), std::move(value)});
    }
    node.expanded = std::move(expansion.value);
    node.unset = !expansion.failures.empty();
    for (auto const& failure : expansion.failures) report(node, failure);
    return written_out;
  }

  void keep_reference(Node const& node, std::string reference) {
    std::string path;
    for (auto const part : path_) path.append(path.empty() ? "" : ".").append(part);
    bool const own = !path_.empty() && path_[0] == "secrets";
    if (own && (reference.starts_with("vault:") || reference.starts_with("aws-sm:"))) {
      auto& problem = problems_.error("WEIR-E030", node.mark, "what opens a store cannot be kept in a store");
      problem.fix = "use ${cred:…}, ${file:…} or ${env:…} here";
      return;
    }
    bool const password =
        holds_any(path, {"password", "passwd"}) || holds_any(reference, {"password", "passwd"});
    out_.references.push_back({std::move(reference), std::move(path), password});
  }

  // Nobody has asked the store here: `weir check` does not, and neither does a start before it has read who
  // to ask.
  void note_elsewhere(Node const& node, Expansion::Failure const& failure) {
    auto message = failure.reference + " " + failure.why;
    if (!server().empty()) out_.unusable.emplace(server(), message);
    problems_.note("WEIR-E034", mark_of_reference(node, failure), std::move(message));
  }

  void report(Node const& node, Expansion::Failure const& failure) {
    if (failure.fault == Expansion::Fault::elsewhere) return note_elsewhere(node, failure);
    auto const code = failure.fault == Expansion::Fault::unset        ? "WEIR-E031"
                      : failure.fault == Expansion::Fault::unreadable ? "WEIR-E032"
                      : failure.fault == Expansion::Fault::forbidden  ? "WEIR-E033"
                                                                      : "WEIR-E030";
    auto message = failure.reference + " " + failure.why;
    if (!server().empty()) out_.unusable.emplace(server(), message);
    auto& problem = problems_.error(code, mark_of_reference(node, failure), std::move(message));
    problem.fix = failure.fix;
    if (server().empty()) return;
    problem.confined = true;
    auto const others = context_.servers_total - 1;
    problem.notes.push_back(fmt::format("server `{}` disabled", server()));
    if (others == 1) problem.notes.back() += "; 1 other still starts";
    if (others > 1) problem.notes.back() += fmt::format("; {} others still start", others);
    if (failure.fault == Expansion::Fault::unset) problem.fix += fmt::format("  or ${{cred:{}}}", server());
  }

  ExpandContext const& context_;
  ExpandOutcome& out_;
  Problems& problems_;
  Path path_;
  std::string_view before_;  // the item of the list before this one
};

// The form that a program prints it in.
base::Secret unescaped(std::string_view part) {
  constexpr std::string_view kDigits = "0123456789abcdefABCDEF";
  auto const digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  std::string text;
  text.reserve(part.size());
  for (std::size_t i = 0; i < part.size(); ++i) {
    bool const escape = part[i] == '%' && i + 2 < part.size() &&
                        part.substr(i + 1, 2).find_first_not_of(kDigits) == std::string_view::npos;
    text += escape ? static_cast<char>(digit(part[i + 1]) * 16 + digit(part[i + 2])) : part[i];
    if (escape) i += 2;
  }
  base::Secret secret(text);
  explicit_bzero(text.data(), text.size());
  return secret;
}

}  // namespace

void keep_credentials(std::string_view value, ScalarPlace const& place, bool written_out,
                      std::vector<base::Secret>& secrets) {
  for (auto const part : credentials_in(value, place, written_out)) {
    secrets.emplace_back(part);
    if (part.find('%') != std::string_view::npos) secrets.push_back(unescaped(part));
  }
  auto const url = url_with_password(value);
  if (!url.empty()) secrets.emplace_back(url);
}

void expand_tree(Node& root, ExpandContext const& context, ExpandOutcome& out, Problems& problems) {
  Walk(context, out, problems).visit(root);
}

}  // namespace weir::config
