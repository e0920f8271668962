// Secret: the only type that holds a credential. Prints as ***, and its bytes are wiped when it goes.
//
// A value type: copies own their bytes. The text lives on the heap, never inside the object, so a move leaves
// no copy behind. reveal() is the one way to the bytes; what it returns must not be stored or logged.
#pragma once

#include <fmt/core.h>
#include <string.h>  // explicit_bzero

#include <cstddef>
#include <memory>
#include <ostream>
#include <string_view>
#include <utility>

namespace weir::base {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view value)
      : bytes_(value.empty() ? nullptr : new char[value.size()]), size_(value.size()) {
    value.copy(bytes_.get(), size_);
  }
  Secret(Secret const& other) : Secret(other.reveal()) {}
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}
  Secret& operator=(Secret other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Secret() {
    if (bytes_) explicit_bzero(bytes_.get(), size_);
  }

  std::string_view reveal() const noexcept { return {bytes_.get(), size_}; }
  bool empty() const noexcept { return size_ == 0; }
  friend bool operator==(Secret const& a, Secret const& b) noexcept { return a.reveal() == b.reveal(); }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

inline std::ostream& operator<<(std::ostream& out, Secret const&) { return out << "***"; }

}  // namespace weir::base

template <>
struct fmt::formatter<weir::base::Secret> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  template <class Context>
  auto format(weir::base::Secret const&, Context& context) const {
    return fmt::format_to(context.out(), "***");
  }
};
