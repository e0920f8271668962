// PoolBackend: one server at several addresses, as one backend.
//
// One per such server, on its home worker; owns a backend for each address and the tasks that open them.
// Brain: EndpointChoice. All are opened at the same time; the first that answers is enough to begin. One that
// cannot be reached, was ejected or broke off is opened anew beside the calls, with growing pauses, before it
// gets calls again. Addresses must be of the same server: those whose name or revision differs from that of
// most are left out, and status() says so. A legacy client's calls go to one address as long as that gets
// calls; then its session is opened at another. A call that could not be sent is tried at each other address,
// once; nothing is ever sent twice here. Lists, subscriptions and what is heard of changes come from one
// address at a time, the lead; when it moves, everything counts as missed. A call that is dropped after its
// deadline counts as a failure of its address, one dropped before says nothing. Bounds: sessions_max clients
// are remembered, further ones go by hash. Errors carry the server's name.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/sync.hpp"
#include "base/task_group.hpp"
#include "core/backend.hpp"
#include "observe/metrics.hpp"
#include "upstream/endpoint_choice.hpp"

namespace weir::upstream {

struct PoolOptions {
  std::string name;
  EndpointChoiceOptions choice;
  base::Duration open_max = std::chrono::seconds{30};   // one attempt
  base::Duration again_min = std::chrono::seconds{1};   // between attempts, doubled …
  base::Duration again_max = std::chrono::seconds{30};  // … up to this, each ± 20 %
  base::Duration odd_again = std::chrono::seconds{60};  // one that is another server is asked again, ± 20 %
  base::Duration ask_patience = std::chrono::seconds{2};  // a request of our own dropped later was a failure
  std::size_t sessions_max = 2000;
  observe::Gauge usable;
  observe::Counter ejections;
};

struct PoolAddress {
  std::string label;  // for people and for hashing: holds no secret
  std::function<std::shared_ptr<core::Backend>(core::BackendObserver&)> make;
};

class PoolBackend final : public core::Backend {
 public:
  PoolBackend(base::Scheduler& scheduler, base::Random& random, core::BackendObserver& observer,
              PoolOptions options, std::vector<PoolAddress> addresses);
  ~PoolBackend() override;

  std::string_view name() const noexcept override { return options_.name; }
  base::Task<base::Result<core::ServerIdentity>> open() override;
  base::Task<base::Result<mcp::Message>> ask(mcp::Method method, std::string params) override;
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;
  core::ServerStatus status() const override;
  bool translates(core::Call const& call) const noexcept override;
  bool listens() const noexcept override;
  base::Task<base::Result<void>> listen(std::string params,
                                        std::function<void(mcp::Message const&)> told) override;
  void hear(core::ResourceObserver* observer) override { resources_ = observer; }
  void session_ended(std::string_view session_id) override;
  void credential_changed() override;
  base::Task<void> close(base::TimePoint deadline) override;
  unsigned endpoints() const noexcept override { return choice_.count_in_use(); }

 private:
  class Ear;   // what the backend of one address reports
  class Ride;  // one call's stay at an address
  class Asked;
  struct Endpoint {
    Endpoint(base::Scheduler& scheduler, unsigned place, std::string of) noexcept;
    ~Endpoint();
    unsigned const index;
    std::string const label;
    std::unique_ptr<Ear> ear;
    std::shared_ptr<core::Backend> backend;
    base::TimePoint open_at = base::TimePoint::max();  // when to open it next
    base::Event news;                                  // open_at has changed
    bool opening = false;
    unsigned tries = 0;     // attempts that are over
    unsigned failures = 0;  // … that failed, in a row
    std::optional<core::ServerIdentity> identity;
    std::string kin;    // of the identity: equal for addresses of the same server
    base::Error error;  // of the last attempt that failed
    std::string cause;  // why it gets no calls
  };

  Endpoint& at(unsigned index) noexcept { return *endpoints_[index]; }
  Endpoint const& at(unsigned index) const noexcept { return *endpoints_[index]; }
  base::Task<void> keep(Endpoint& endpoint);
  base::Task<void> tell();
  void settle(Endpoint& endpoint, base::Result<core::ServerIdentity> brought);
  void vote();
  void elect();
  void open_by(Endpoint& endpoint, base::TimePoint when) noexcept;
  base::TimePoint next_attempt(Endpoint const& endpoint);
  void went_out(unsigned index, std::string cause);
  void changed();
  void state_of(unsigned index);
  std::optional<EndpointChoice::Pick> choose(core::Call const& call, std::vector<unsigned> const& tried);
  void ended(EndpointChoice::Pick const& pick, EndpointVerdict verdict, base::Duration retry_after,
             std::string cause);
  void distrust(unsigned index, base::Error const& because);
  base::Error not_connected() const;
  base::Error all_failed() const;
  base::Error nowhere_to_go(base::Error last) const;
  bool any_open() const noexcept;
  std::string out_list() const;

  base::Scheduler& scheduler_;
  base::Random& random_;
  core::BackendObserver& observer_;
  core::ResourceObserver* resources_ = nullptr;
  PoolOptions options_;
  EndpointChoice choice_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  std::map<std::string, unsigned, std::less<>> holders_;  // by the id of a legacy client's session
  std::string reference_;                                 // kin of those that get calls
  std::optional<unsigned> lead_;
  std::uint64_t lead_term_ = 0;
  bool era_moved_ = false;  // not told yet
  bool keeping_ = false;
  bool stopped_ = false;
  double shown_ = 0;        // in the gauge
  base::Event settled_;     // pulses after each attempt
  base::Event lead_moved_;  // pulses
  base::Event news_;        // there is something to tell
  base::TaskGroup tasks_;   // last: cancelled first
};

}  // namespace weir::upstream
