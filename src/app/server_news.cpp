#include "app/server_news.hpp"

#include <fmt/core.h>

namespace weir::app {
namespace {

using core::ServerState;

std::string next_try(core::ServerStatus const& status) {
  if (status.again_in <= base::Duration::zero()) return {};
  return fmt::format("; next try in {} ms",
                     std::chrono::duration_cast<std::chrono::milliseconds>(status.again_in).count());
}

}  // namespace

std::optional<ServerNews::Line> ServerNews::look(core::ServerStatus const& status, bool late,
                                                 base::TimePoint now) {
  if (status.state == ServerState::ready) return ready(late, now);
  bool const still_starting = status.state == ServerState::starting && status.cause.empty();
  if (still_starting || status.state == ServerState::stopped) return std::nullopt;
  return down(status, now);
}

std::optional<ServerNews::Line> ServerNews::ready(bool late, base::TimePoint now) {
  auto const before = std::exchange(told_, Told::ready);
  if (before == Told::ready || (before == Told::nothing && !late)) return std::nullopt;
  return Line{observe::Level::info, "upstream.ready", "the server is ready", now - since_};
}

std::optional<ServerNews::Line> ServerNews::down(core::ServerStatus const& status, base::TimePoint now) {
  // Only a program is given up; any other server is asked again and again, and told of once.
  bool const program = status.transport == "stdio";
  bool const tried_again = program && status.state == ServerState::starting;
  if (told_ == Told::failed || (told_ == Told::tried_again && tried_again)) return std::nullopt;
  bool const ended = told_ == Told::ready;
  if (ended) since_ = now;
  told_ = tried_again ? Told::tried_again : Told::failed;
  return Line{observe::Level::warn, ended && program ? "upstream.exit" : "upstream.failed",
              status.cause + next_try(status)};
}

}  // namespace weir::app
