// What /proc says of a process: descriptors, threads, children. Zero or empty once it is gone.
#pragma once

#include <cstddef>
#include <vector>

namespace weir::load {

bool is_alive(int pid);  // and no zombie
std::size_t open_descriptors(int pid);
std::size_t threads(int pid);
std::size_t anonymous_kib(int pid);  // resident memory that is no file's
bool uses_address_sanitizer(int pid);
std::vector<int> children(int pid);  // its direct ones

}  // namespace weir::load
