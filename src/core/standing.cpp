#include "core/standing.hpp"

namespace weir::core {

Standing standing_of(Call const& call) noexcept {
  using mcp::Method;
  auto const& traits = mcp::traits_of(call.method);
  bool const greets = call.method == Method::server_discover || call.method == Method::initialize;
  if (traits.list || traits.notification || greets || call.method == Method::ping ||
      call.method == Method::tasks_cancel)
    return Standing::control;
  return call.background ? Standing::background : Standing::interactive;
}

}  // namespace weir::core
