#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "config/expand.hpp"
#include "config/load_steps.hpp"

namespace weir::config {
namespace {

using Path = std::vector<std::string_view>;

bool holds_any(std::string_view text, std::initializer_list<std::string_view> words) {
  std::string lower;
  for (char const c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::any_of(words.begin(), words.end(),
                     [&](auto word) { return lower.find(word) != std::string::npos; });
}

bool is_credential_name(std::string_view name) {
  return holds_any(name, {"authorization", "cookie", "token", "secret", "password", "passwd", "key"});
}

// `scheme://user:password@host`
bool has_password(std::string_view value) {
  auto const scheme = value.find("://");
  return scheme != std::string_view::npos && value.find('@', scheme) != std::string_view::npos;
}

bool is_below_headers(Path const& path) {
  return path.size() >= 4 && path[0] == "servers" && (path[2] == "headers" || path[2] == "auth");
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
    for (std::size_t i = 0; i < node.items.size(); ++i) visit(node.items[i]);
    for (auto& member : node.members) {
      path_.push_back(member.key);
      visit(member.value);
      path_.pop_back();
    }
    if (!node.is_scalar() || node.text.empty()) return;
    if (has_reference(node.text)) expand_scalar(node);
    if (node.unset) return;
    if (is_credential_path(path_)) keep_literal(node.value());
    if (has_password(node.value())) out_.secrets.emplace_back(node.value());
  }

 private:
  std::string_view server() const {
    return path_.size() >= 2 && path_[0] == "servers" ? path_[1] : std::string_view();
  }

  void expand_scalar(Node& node) {
    auto expansion = expand(node.text, context_.environment, context_.workspace_folder);
    for (auto& secret : expansion.secrets) out_.secrets.push_back(std::move(secret));
    for (auto& reference : expansion.references) keep_reference(node, std::move(reference));
    for (auto& [name, value] : expansion.variables) {
      bool const credential = is_below_headers(path_) || is_credential_name(name);
      bool const path = value.reveal().starts_with('/');  // of a credential's file, say
      if (credential && !path) out_.secrets.push_back(value);
      out_.variables.push_back({std::move(name), std::move(value)});
    }
    node.expanded = std::move(expansion.value);
    node.unset = !expansion.failures.empty();
    for (auto const& failure : expansion.failures) report(node, failure);
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

  // A credential that is written out; of `Bearer abc` only what follows the scheme.
  void keep_literal(std::string_view value) {
    auto const space = value.find(' ');
    out_.secrets.emplace_back(space == std::string_view::npos ? value : value.substr(space + 1));
  }

  ExpandContext const& context_;
  ExpandOutcome& out_;
  Problems& problems_;
  Path path_;
};

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

void expand_tree(Node& root, ExpandContext const& context, ExpandOutcome& out, Problems& problems) {
  Walk(context, out, problems).visit(root);
}

}  // namespace weir::config
