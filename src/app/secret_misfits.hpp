// The secrets of which nothing can be made where they stand: what configuration has found, and the keys that
// it does not look into.
//
// Pure, any thread. No value of a secret is in the answer.
#pragma once

#include <vector>

#include "config/settings.hpp"

namespace weir::app {

std::vector<config::SecretMisfit> misfits_of(config::Settings const& settings);

}  // namespace weir::app
