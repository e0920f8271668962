// The option table: one row per key. Validation, the JSON Schema and docs/config.md all come from it.
//
// A path's segments are separated by dots; `*` is a name chosen by the user, `[]` an item of a list. A path
// may have two rows when a value has two shapes (a word or a list, say). Static data, safe from any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/node.hpp"
#include "config/problem.hpp"

namespace weir::config {

enum class Type {
  section,  // map with the keys of the table
  table,    // map whose keys the user chooses
  list,
  text,
  word,  // one of `words`
  boolean,
  integer,
  count,           // integer, with k or M: 100k
  duration,        // 250ms 30s 5m 1h 7d
  seconds,         // a duration, or a bare number of seconds
  size,            // 64mb (decimal) 10MiB (binary)
  rate,            // 50/s 10/m 5/h
  percent,         // 80%
  instances,       // 4, or a range 1..4
  duration_range,  // 100ms..30s
  date,            // 2027-06-01, or RFC 3339 with a zone
  cron,            // five fields
  address,         // host:port, unix:/path, fd:name
  url,             // http or https
  path,            // file or folder
  key_hash,        // sha256: and 64 hexadecimal digits
  zone,            // Europe/Berlin
  glob,            // server.tool pattern
};

enum class Effect { now, later };  // later: accepted and checked, does nothing in this version

struct Option {
  std::string_view path;
  Type type;
  std::string_view fallback;  // default, as it would be written; empty = none
  std::string_view range;     // "1..65535", "1s..24h"; both ends included; empty = none
  std::string_view words;     // "a|b|c": the words of a word, or words allowed instead of another type
  std::string_view description;
  Effect effect = Effect::now;
};

std::span<Option const> options() noexcept;
Option const* find_option(std::string_view path) noexcept;  // the first row of exactly that path
std::string_view default_of(std::string_view path) noexcept;

// Shape and values of one file or of the merged tree. Unknown keys, wrong types, bad values: all of them.
void validate(Node const& root, Problems& problems);

std::string schema_json();         // JSON Schema 2020-12
std::string reference_markdown();  // docs/config.md

}  // namespace weir::config
