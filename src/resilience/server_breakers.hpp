// ServerBreakers: the breakers of one server, one for each class of operation, seen from outside as one.
//
// One per server and process, shared by the layers of all its pipelines; any thread. A broken tool does not
// stop reads of resources. What operators see of the server is the worst of the three: open, else half open.
// Each change is one event in the log, one count and one look at the gauge (F-50).
#pragma once

#include <array>
#include <mutex>
#include <string>

#include "mcp/method.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "resilience/breaker.hpp"

namespace weir::resilience {

enum class OperationClass : std::uint8_t { tools, resources, others };
inline constexpr std::size_t kOperationClasses = 3;
OperationClass class_of(mcp::Method method) noexcept;
std::string_view name_of(OperationClass of) noexcept;

class ServerBreakers {
 public:
  // `log` may be null; it outlives this.
  ServerBreakers(std::string server, BreakerOptions const& options, std::uint64_t seed,
                 observe::ServerMetrics const& metrics, observe::Log* log);

  Breaker& of(OperationClass which) noexcept { return lines_[static_cast<std::size_t>(which)].breaker; }
  Breaker& of(mcp::Method method) noexcept { return of(class_of(method)); }
  BreakerState state() const noexcept;  // the worst
  // Of the worst of them; of several that are open, of the one that refuses calls for longest.
  BreakerStanding standing(base::TimePoint now) const;
  std::string const& server() const noexcept { return server_; }

  // Others have taken this server over, or it is configured no more: the gauge shows closed, and what the
  // calls that are still under way lead to here is not shown there. Counts and events go on.
  void retire() noexcept;

  void reset(base::TimePoint now);
  void set_options(BreakerOptions const& options, base::TimePoint now);

 private:
  struct Line final : BreakerListener {
    Line(ServerBreakers& of_server, OperationClass its_class, BreakerOptions const& options,
         std::uint64_t seed)
        : owner(of_server), kind(its_class), breaker(options, seed, this) {}
    void moved(BreakerMove const& move) noexcept override { owner.moved(kind, move); }
    ServerBreakers& owner;
    OperationClass kind;
    Breaker breaker;
  };

  void moved(OperationClass which, BreakerMove const& move) noexcept;
  void tell(OperationClass which, BreakerMove const& move) noexcept;

  std::string const server_;
  observe::Counter const opens_;
  observe::BreakerMoves const moves_;
  observe::Gauge const shown_;
  observe::Log* const log_;
  std::mutex showing_;  // taken after a breaker's lock
  bool retired_ = false;
  std::array<Line, kOperationClasses> lines_;
};

}  // namespace weir::resilience
