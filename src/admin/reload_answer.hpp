// ReloadAnswer: what a reload has changed that somebody asked for over the admin API.
//
// Values and a pure function. A reload that was refused has no such answer, but a sentence with the reasons.
#pragma once

#include <cstddef>
#include <string>

namespace weir::admin {

struct ReloadAnswer {  // servers
  std::size_t added = 0;
  std::size_t removed = 0;
  std::size_t changed = 0;
};

std::string reload_answer(ReloadAnswer const& answer);

}  // namespace weir::admin
