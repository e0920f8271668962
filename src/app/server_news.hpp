// ServerNews: which of a server's changes the log tells of, and how.
//
// Brain; one for each server, on the worker that hears of all of them. It is shown every status that may be
// another one and speaks of transitions only: a child that ended (`upstream.exit`), a server that is down
// (`upstream.failed`), one that works again (`upstream.ready`). A first answer is told only when it comes
// after the start table, which tells of all before.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/backend.hpp"
#include "observe/log_line.hpp"

namespace weir::app {

class ServerNews {
 public:
  struct Line {
    observe::Level level;
    std::string_view event;
    std::string text;
    base::Duration lasted{};  // ready: how long it was not; zero otherwise
  };

  explicit ServerNews(base::TimePoint now) noexcept : since_(now) {}

  // `late`: the start table has been shown.
  std::optional<Line> look(core::ServerStatus const& status, bool late, base::TimePoint now);

 private:
  enum class Told : std::uint8_t { nothing, ready, tried_again, failed };
  std::optional<Line> ready(bool late, base::TimePoint now);
  std::optional<Line> down(core::ServerStatus const& status, base::TimePoint now);

  Told told_ = Told::nothing;
  base::TimePoint since_;  // … it is not ready
};

}  // namespace weir::app
