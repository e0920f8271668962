// `weir check --explain`: which value a key has and who set it; for keys that nobody set, their default.
//
// Pure. Values are as written: references are not expanded, evident credentials are masked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"

namespace weir::app {

struct ExplainedKey {
  std::string path;
  std::string value;
  std::string origin;       // "weir.yaml:3:9", or "default"
  std::string description;  // for a single key only
};

// The keys at and below `wanted` ("" = all that were set). Empty: there is no such key.
std::vector<ExplainedKey> explain_keys(std::vector<config::KeyOrigin> const& set, std::string_view wanted);

std::string render_keys_text(std::vector<ExplainedKey> const& keys);
std::string render_keys_json(std::vector<ExplainedKey> const& keys);

}  // namespace weir::app
