#include <fmt/format.h>

#include <algorithm>

#include "config/load_steps.hpp"

namespace weir::config {
namespace {

std::string place_of(Mark const& mark) {
  return fmt::format("{}:{}:{}", mark.source ? mark.source->name : "?", mark.line, shown_column(mark));
}

void merge_servers(Node& base, Node&& over, Problems& problems) {
  for (auto& server : over.members) {
    auto const first = std::find_if(base.members.begin(), base.members.end(),
                                    [&](Member const& member) { return member.key == server.key; });
    if (first == base.members.end()) {
      base.members.push_back(std::move(server));
      continue;
    }
    auto& problem =
        problems.error("WEIR-E024", server.mark, fmt::format("server `{}` is in two files", server.key));
    problem.notes.push_back("first: " + place_of(first->mark));
    problem.fix = "rename or remove one of them";
  }
}

void merge_values(Node& base, Node&& over) {
  if (base.is_map() && over.is_map()) {
    for (auto& member : over.members) {
      if (auto* mine = base.find(member.key)) {
        merge_values(*mine, std::move(member.value));
      } else {
        base.members.push_back(std::move(member));
      }
    }
  } else if (over.kind != Node::Kind::null) {
    base = std::move(over);
  }
}

void set_value(Node& base, Node&& over, std::size_t depth) {
  if (depth > 0 && base.is_map() && over.is_map() && !over.members.empty()) {
    auto& member = over.members.front();
    if (auto* mine = base.find(member.key)) return set_value(*mine, std::move(member.value), depth - 1);
    base.members.push_back(std::move(member));
  } else if (depth > 0 && base.is_sequence() && over.is_sequence() && !over.items.empty()) {
    base.items.resize(std::max(base.items.size(), over.items.size()));
    set_value(base.items[over.items.size() - 1], std::move(over.items.back()), depth - 1);
  } else {
    base = std::move(over);
  }
}

}  // namespace

void merge_files(Node& base, Node&& over, Problems& problems) {
  if (!base.is_map() || !over.is_map()) {
    if (over.kind != Node::Kind::null) base = std::move(over);
    return;
  }
  for (auto& member : over.members) {
    auto* mine = base.find(member.key);
    if (mine == nullptr) {
      base.members.push_back(std::move(member));
    } else if (member.key == "servers" && mine->is_map() && member.value.is_map()) {
      merge_servers(*mine, std::move(member.value), problems);
    } else {
      merge_values(*mine, std::move(member.value));
    }
  }
}

void merge_overlay(Node& base, Overlay&& over) {
  if (over.tree.is_map()) set_value(base, std::move(over.tree), over.depth);
}

}  // namespace weir::config
