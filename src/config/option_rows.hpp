// The rows of the option table, by subject, and the tree of shapes that is made of them.
//
// A Shape is one place in the configuration: which values may stand there, and what may stand below. Built
// once, read-only afterwards. Inside this folder only.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/option_table.hpp"

namespace weir::config {

std::span<Option const> gateway_options() noexcept;
std::span<Option const> server_options() noexcept;
std::span<Option const> caching_options() noexcept;
std::span<Option const> degradation_options() noexcept;
std::span<Option const> secret_options() noexcept;

struct Shape {
  std::vector<Option const*> rows;  // more than one where a value may have several types
  std::vector<std::pair<std::string_view, std::unique_ptr<Shape>>> keys;  // in the order of the table
  std::unique_ptr<Shape> any;                                             // value of a key the user chooses
  std::unique_ptr<Shape> item;                                            // of a list

  Shape const* below(std::string_view key) const noexcept;  // null if the key is unknown here
  Option const* row_of(Type type) const noexcept;
};

Shape const& root_shape();

std::vector<std::string_view> split(std::string_view text, char separator);  // an empty text has no parts
std::string_view grammar_of(Type type) noexcept;  // "a duration such as 30s, 5m or 100ms"
std::string_view name_of(Type type) noexcept;     // "duration"

// What is wrong with a scalar under one row; an empty code means nothing is.
struct Complaint {
  std::string_view code;
  std::string message;
  std::string fix;
};
Complaint check_scalar(Node const& node, Option const& row);

// Of `candidates` the one that was probably meant by `typed`; empty if none is near.
std::string_view nearest(std::string_view typed, std::span<std::string_view const> candidates);

}  // namespace weir::config
