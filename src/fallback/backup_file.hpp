// BackupFile: a file of the operator's that stands in for an answer, and where such files come from.
//
// Values; a BackupSource is owned by app, asked from any worker, and answers on the asker's loop by the time
// given at the latest: whatever the disk does, the end of the time is "nothing". Dropping the task withdraws
// the question.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/scheduler.hpp"
#include "base/task.hpp"
#include "core/call.hpp"

namespace weir::fallback {

struct BackupFile {
  static constexpr std::size_t kBytesMax = 1 << 20;  // larger ones are not used

  std::string name;  // below the folder, with slashes; of a single file its last part
  std::string text;  // its bytes, at most kBytesMax
  base::WallTime modified{};
  std::string mime;
};

class BackupSource {
 public:
  virtual ~BackupSource() = default;
  // `call` is read before the task first waits; it may end before the task does.
  virtual base::Task<std::optional<BackupFile>> find(base::Scheduler& here, core::Call const& call,
                                                     base::TimePoint until) = 0;
};

// From the name's ending; without a known one, from whether the bytes are text.
std::string mime_of(std::string_view name, std::string_view bytes);

}  // namespace weir::fallback
