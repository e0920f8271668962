// What an error of Redis means for the operator, and what to do about it.
//
// Pure functions of what Redis said; any thread. An error that is not known is shown by its first words.
#pragma once

#include <string>
#include <string_view>

namespace weir::store {

// One line: the first words of the error, then the cure. What Redis says is shown in part only: it may quote
// what it was sent.
std::string redis_cure(std::string_view error);

// "": nothing to warn of. From the reply to INFO memory.
std::string redis_memory_warning(std::string_view info);

}  // namespace weir::store
