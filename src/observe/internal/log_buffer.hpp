// LogBuffer: lines that wait to be written, bounded in bytes, in order.
//
// A brain; one thread or one lock. Lines of level info and below have three quarters of the room, the others
// a quarter, so that a flood of calls never pushes out the error that explains it. A full part drops its
// oldest lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "observe/log_line.hpp"

namespace weir::observe {

// A queue of lines in a ring of bytes. Memory is touched only as it is used.
class LineRing {
 public:
  explicit LineRing(std::size_t bytes_max);

  std::size_t push(std::uint64_t sequence,
                   std::string_view line);  // returns how many lines were dropped for it
  bool empty() const noexcept { return used_ == 0; }
  std::size_t bytes() const noexcept { return used_; }
  std::uint64_t first_sequence() const noexcept;  // not when empty
  void pop_to(std::string& out);                  // appends the first line; not when empty

 private:
  struct Head {
    std::uint64_t sequence;
    std::size_t size;
  };
  Head first() const noexcept;
  void copy_in(std::size_t at, void const* from, std::size_t n) noexcept;
  void copy_out(std::size_t at, void* to, std::size_t n) const noexcept;
  void drop_first() noexcept;

  std::size_t bytes_max_;
  std::unique_ptr<char[]> ring_;
  std::size_t begin_ = 0;
  std::size_t used_ = 0;
};

class LogBuffer {
 public:
  explicit LogBuffer(std::size_t bytes_max);  // at least 64 KiB

  std::size_t push(Level level, std::string_view line);  // returns how many lines were dropped for it
  void drain(std::string& out);                          // appends all lines in order and forgets them
  bool empty() const noexcept { return common_.empty() && rare_.empty(); }
  bool half_full() const noexcept { return common_.bytes() > common_half_ || rare_.bytes() > rare_half_; }

 private:
  std::size_t common_half_;
  std::size_t rare_half_;
  LineRing common_;
  LineRing rare_;
  std::uint64_t sequence_ = 0;
};

}  // namespace weir::observe
