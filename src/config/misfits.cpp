// Which problems are those of a secret's value.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/load_steps.hpp"

namespace weir::config {
namespace {

// Codes that speak of a value alone, not of what else is set.
bool is_of_value(Problem const& problem) {
  constexpr std::string_view kCodes[] = {"WEIR-E011", "WEIR-E013", "WEIR-E014", "WEIR-E015", "WEIR-E016"};
  return problem.severity == Severity::error &&
         std::find(std::begin(kCodes), std::end(kCodes), problem.code) != std::end(kCodes);
}

bool is_at(Problem const& problem, Mark const& mark) {
  return mark.source != nullptr && problem.mark.source == mark.source && problem.mark.line == mark.line &&
         problem.mark.column == mark.column;
}

class Search {
 public:
  Search(ExpandOutcome& out, Problems& problems, std::vector<SecretMisfit>& misfits)
      : out_(out), problems_(problems), misfits_(misfits) {}

  // `path` as in SecretUse; `server`: the one it is below, or "".
  void visit(Node const& node, std::string const& path, std::string const& server) {
    for (auto const& item : node.items) visit(item, path, server);
    for (auto const& member : node.members) {
      auto const below = path.empty() ? member.key : path + "." + member.key;
      visit(member.value, below, path == "servers" ? member.key : server);
    }
    if (node.is_scalar() && node.expanded && !node.unset) judge(node, path, server);
  }

 private:
  void judge(Node const& node, std::string const& path, std::string const& server) {
    for (auto& problem : problems_.kept()) {
      if (!is_of_value(problem) || !is_at(problem, node.mark)) continue;
      std::string first;
      for (auto const& use : out_.references) {
        if (use.path != path) continue;
        if (first.empty()) first = use.reference;
        misfits_.push_back({use.reference, problem.message});
      }
      if (first.empty() || server.empty()) continue;
      out_.unusable.emplace(server, fmt::format("${{{}}}: {}", first, problem.message));
      if (!std::exchange(problem.confined, true))
        problem.notes.push_back(fmt::format("server `{}` disabled; the others still start", server));
    }
  }

  ExpandOutcome& out_;
  Problems& problems_;
  std::vector<SecretMisfit>& misfits_;
};

}  // namespace

void confine_misfits(Node const& root, ExpandOutcome& out, Problems& problems,
                     std::vector<SecretMisfit>& misfits) {
  if (problems.has_errors()) Search(out, problems, misfits).visit(root, "", "");
}

}  // namespace weir::config
