#include "observe/internal/log_buffer.hpp"

#include <algorithm>
#include <cstring>

#include "base/assert.hpp"

namespace weir::observe {

LineRing::LineRing(std::size_t bytes_max)
    : bytes_max_(bytes_max), ring_(std::make_unique_for_overwrite<char[]>(bytes_max)) {}

void LineRing::copy_in(std::size_t at, void const* from, std::size_t n) noexcept {
  at %= bytes_max_;
  std::size_t const before_wrap = std::min(n, bytes_max_ - at);
  std::memcpy(ring_.get() + at, from, before_wrap);
  std::memcpy(ring_.get(), static_cast<char const*>(from) + before_wrap, n - before_wrap);
}

void LineRing::copy_out(std::size_t at, void* to, std::size_t n) const noexcept {
  at %= bytes_max_;
  std::size_t const before_wrap = std::min(n, bytes_max_ - at);
  std::memcpy(to, ring_.get() + at, before_wrap);
  std::memcpy(static_cast<char*>(to) + before_wrap, ring_.get(), n - before_wrap);
}

LineRing::Head LineRing::first() const noexcept {
  Head head{};
  copy_out(begin_, &head, sizeof head);
  return head;
}

std::uint64_t LineRing::first_sequence() const noexcept { return first().sequence; }

void LineRing::drop_first() noexcept {
  std::size_t const n = sizeof(Head) + first().size;
  begin_ = (begin_ + n) % bytes_max_;
  used_ -= n;
}

std::size_t LineRing::push(std::uint64_t sequence, std::string_view line) {
  std::size_t const needed = sizeof(Head) + line.size();
  if (needed > bytes_max_) return 1;
  std::size_t dropped = 0;
  for (; bytes_max_ - used_ < needed; ++dropped) drop_first();
  Head const head{sequence, line.size()};
  copy_in(begin_ + used_, &head, sizeof head);
  copy_in(begin_ + used_ + sizeof head, line.data(), line.size());
  used_ += needed;
  return dropped;
}

void LineRing::pop_to(std::string& out) {
  std::size_t const size = first().size;
  std::size_t const at = out.size();
  out.resize(at + size);
  copy_out(begin_ + sizeof(Head), out.data() + at, size);
  drop_first();
}

LogBuffer::LogBuffer(std::size_t bytes_max)
    : common_half_(bytes_max / 8 * 3),
      rare_half_(bytes_max / 8),
      common_(bytes_max / 4 * 3),
      rare_(bytes_max / 4) {
  WEIR_ASSERT(bytes_max >= 64 * 1024);
}

std::size_t LogBuffer::push(Level level, std::string_view line) {
  LineRing& ring = level <= Level::info ? common_ : rare_;
  return ring.push(sequence_++, line);
}

void LogBuffer::drain(std::string& out) {
  out.reserve(out.size() + common_.bytes() + rare_.bytes());
  while (!empty()) {
    bool const rare_first =
        common_.empty() || (!rare_.empty() && rare_.first_sequence() < common_.first_sequence());
    (rare_first ? rare_ : common_).pop_to(out);
  }
}

}  // namespace weir::observe
