// The table that `weir run` prints once every server has answered or failed.
#pragma once

#include "app/gateway.hpp"
#include "app/sources.hpp"

namespace weir::app {

void print_start_table(Gateway& gateway, FoundSources const& found);

}  // namespace weir::app
