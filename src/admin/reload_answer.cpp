#include "admin/reload_answer.hpp"

#include <fmt/format.h>

namespace weir::admin {

std::string reload_answer(ReloadAnswer const& answer) {
  return fmt::format("{{\"version\":1,\"servers\":{{\"added\":{},\"removed\":{},\"changed\":{}}}}}\n",
                     answer.added, answer.removed, answer.changed);
}

}  // namespace weir::admin
