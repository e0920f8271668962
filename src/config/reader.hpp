// Readers: text → Node tree. One per syntax, the same tree.
//
// Each reports everything wrong with the text as Problems and returns what it understood. No exception
// leaves. Limits: kBytesMax a file, kDepthMax levels, kNodesMax values (aliases count each time they are
// used), so that a small hostile file cannot grow large. Duplicate keys, keys that are not text and second
// documents are errors.
#pragma once

#include <cstddef>
#include <memory>

#include "config/node.hpp"
#include "config/problem.hpp"

namespace weir::config {

inline constexpr std::size_t kBytesMax = 1024 * 1024;
inline constexpr std::size_t kDepthMax = 64;
inline constexpr std::size_t kNodesMax = 100'000;

using SharedText = std::shared_ptr<SourceText const>;

Node read_yaml(SharedText const& source,
               Problems& problems);  // YAML 1.2 core; no merge keys, no tags of types
Node read_json(SharedText const& source,
               Problems& problems);  // RFC 8259 with // and /* */ comments, trailing commas
Node read_toml(SharedText const& source, Problems& problems);  // TOML 1.0, for one client's file

// By the ending of the source's name: .json, .jsonc → JSON; .toml → TOML; anything else → YAML.
Node read_by_name(SharedText const& source, Problems& problems);

}  // namespace weir::config
