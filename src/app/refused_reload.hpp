// Why a configuration is not taken over while the gateway runs: the errors in it, on one line, for the log
// and for whoever asked for the reload.
//
// Pure. Says places and messages, and shows no line of a file: whoever asks need not be able to read it.
#pragma once

#include <span>
#include <string>

#include "config/problem.hpp"

namespace weir::app {

// Errors that are confined to one server refuse nothing, and are left out.
std::string refusal_of(std::span<config::Problem const> problems);

}  // namespace weir::app
