// Readers: text → Node tree. One per syntax, the same tree.
//
// Each reports everything wrong with the text as Problems and returns what it understood. No exception
// leaves. Limits: kBytesMax a file (kClientBytesMax for a client's), kDepthMax levels, kNodesMax values
// (aliases count each time they are used), so that a small hostile file cannot grow large. Duplicate keys,
// keys that are not text and second documents are errors.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "config/node.hpp"
#include "config/problem.hpp"

namespace weir::config {

inline constexpr std::size_t kBytesMax = 1024 * 1024;
inline constexpr std::size_t kClientBytesMax = 8 * kBytesMax;  // clients keep more than servers in theirs
inline constexpr std::size_t kDepthMax = 64;
inline constexpr std::size_t kNodesMax = 100'000;
inline constexpr std::size_t kTextBytesMax = 8 * kBytesMax;  // of all scalars, aliases counted each time

using SharedText = std::shared_ptr<SourceText const>;

// A text to read; a byte order mark is taken off.
SharedText make_source(std::string name, std::string text, unsigned order);

Node read_yaml(SharedText const& source,
               Problems& problems);  // YAML 1.2 core; no merge keys, no foreign tags
// RFC 8259 with // and /* */ comments and trailing commas.
Node read_json(SharedText const& source, Problems& problems, std::size_t bytes_max = kBytesMax);
Node read_toml(SharedText const& source, Problems& problems);  // TOML 1.0, for one client's file

// What every reader asks first: size, UTF-8, no control characters but tab and line ends.
bool check_text(SharedText const& source, Problems& problems, std::size_t bytes_max = kBytesMax);

// The kind of an unquoted scalar under the YAML 1.2 core schema.
Node::Kind plain_kind(std::string_view text) noexcept;

// By the ending of the source's name: .json, .jsonc → JSON; .toml → TOML; anything else → YAML.
Node read_by_name(SharedText const& source, Problems& problems);

}  // namespace weir::config
