// ServerHome: the one worker on which a server's child, event stream or session lives, and the way there.
//
// One per configured server and process, shared by all workers; they post to its workplace. Backend and
// entry are for the home's own thread only: move_in() and move_out() happen there, and a home that was moved
// out of is an empty shell that may die anywhere.
#pragma once

#include <memory>
#include <utility>

#include "base/errand.hpp"
#include "core/backend.hpp"

namespace weir::upstream {

class ServerHome {
 public:
  ServerHome(unsigned worker, std::shared_ptr<base::Workplace> place) noexcept
      : worker_(worker), place_(std::move(place)) {}

  unsigned worker() const noexcept { return worker_; }
  std::shared_ptr<base::Workplace> const& place() const noexcept { return place_; }

  void move_in(std::shared_ptr<core::Backend> backend, std::shared_ptr<core::Handler> entry) noexcept {
    backend_ = std::move(backend);
    entry_ = std::move(entry);
  }
  void move_out() noexcept {
    entry_.reset();
    backend_.reset();
  }
  std::shared_ptr<core::Backend> const& backend() const noexcept { return backend_; }
  std::shared_ptr<core::Handler> const& entry() const noexcept { return entry_; }

 private:
  unsigned const worker_;
  std::shared_ptr<base::Workplace> const place_;
  std::shared_ptr<core::Backend> backend_;  // null before and after
  std::shared_ptr<core::Handler> entry_;
};

}  // namespace weir::upstream
