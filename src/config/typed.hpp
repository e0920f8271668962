// take(): typed reading of a validated tree.
//
// A missing or unusable value leaves the variable as it is: the default. Nothing is reported here, validate()
// did. Pure functions. Inside this folder only.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "config/environment.hpp"
#include "config/node.hpp"
#include "config/values.hpp"

namespace weir::config {

// The scalar at a dotted path below `node`, or nothing. `node` may be null.
inline std::optional<std::string_view> scalar_at(Node const* node, std::string_view path) {
  auto const* found = node == nullptr ? nullptr : node->at(path);
  if (found == nullptr || !found->is_scalar() || found->kind == Node::Kind::null || found->unset) return {};
  return found->value();
}

// The map at `key`, or null: a key without a value is the same as none.
inline Node const* section_at(Node const* node, std::string_view key) {
  auto const* found = node == nullptr ? nullptr : node->find(key);
  return found != nullptr && found->is_map() ? found : nullptr;
}

template <class T, class Parse>
void take(Node const* node, std::string_view path, T& out, Parse parse) {
  auto const text = scalar_at(node, path);
  if (!text) return;
  if (auto const value = parse(*text)) out = *value;
}

inline void take(Node const* node, std::string_view path, std::string& out) {
  if (auto const text = scalar_at(node, path)) out = *text;
}
inline void take(Node const* node, std::string_view path, bool& out) { take(node, path, out, parse_boolean); }
inline void take(Node const* node, std::string_view path, milliseconds& out) {
  take(node, path, out, parse_duration);
}
inline void take(Node const* node, std::string_view path, unsigned& out) {
  take(node, path, out, [](std::string_view text) -> std::optional<unsigned> {
    auto const number = parse_integer(text);
    if (!number || *number < 0 || *number > std::numeric_limits<int>::max()) return {};
    return static_cast<unsigned>(*number);
  });
}
inline void take_size(Node const* node, std::string_view path, std::uint64_t& out) {
  take(node, path, out, parse_size);
}
inline void take_ms(Node const* node, std::string_view path,
                    milliseconds& out) {  // a bare number of milliseconds
  take(node, path, out, [](std::string_view text) -> std::optional<milliseconds> {
    auto const number = parse_integer(text);
    if (!number || *number < 0) return {};
    return milliseconds(*number);
  });
}

inline void take(Node const* node, std::string_view path, std::vector<std::string>& out) {
  auto const* list = node == nullptr ? nullptr : node->at(path);
  if (list == nullptr || !list->is_sequence()) return;
  out.clear();
  for (auto const& item : list->items) {
    if (item.is_scalar() && item.kind != Node::Kind::null && !item.unset) out.emplace_back(item.value());
  }
}

inline void take_path(Node const* node, std::string_view path, std::string& out,
                      Environment const& environment) {
  if (auto const text = scalar_at(node, path); text && !text->empty()) out = environment.absolute(*text);
}

// A private key: PEM text that a reference has brought, or else a path.
inline void take_key(Node const* node, std::string_view path, KeySource& out,
                     Environment const& environment) {
  auto const text = scalar_at(node, path);
  if (!text || text->empty()) return;
  if (text->find("-----BEGIN") != std::string_view::npos) {
    out.text = base::Secret(*text);
  } else {
    out.path = environment.absolute(*text);
  }
}

template <class T>
void take_pairs(Node const* node, std::string_view path, std::vector<std::pair<std::string, T>>& out) {
  auto const* map = node == nullptr ? nullptr : node->at(path);
  if (map == nullptr) return;
  for (auto const& member : map->members) {
    if (!member.value.is_scalar() || member.value.unset) continue;
    auto const same = [&](auto const& pair) { return pair.first == member.key; };
    std::erase_if(out, same);
    out.emplace_back(member.key, T(member.value.value()));
  }
}

}  // namespace weir::config
