// EndpointChoice: which of a server's addresses gets the next call, and which are left out for a while.
//
// One per pool, on its worker. Time is passed in. The pool says which addresses are open (connected, and the
// same server as the others); how calls end says the rest. An address that cannot be reached is out until it
// is opened anew. One that fails `failures_max` times in a row, or clearly more often than the others, is
// ejected: for out_min times the number of ejections, out_max at most, less up to a fifth at random; after
// that, and once it was opened anew, one call at a time is its probe: it returns with the first that
// succeeds. At most half of the open addresses are ejected at the same time. Where all look bad, all are
// used. One that asks for a pause gets nothing until then while others can take the calls. What a call brings
// that began before its address went out or came back changes nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "upstream/endpoint_verdict.hpp"

namespace weir::upstream {

enum class Balance {
  least_inflight,  // ties in turn
  round_robin,
  hash_principal,  // the same caller, the same address, as long as it is there
};

struct EndpointChoiceOptions {
  Balance balance = Balance::least_inflight;
  unsigned failures_max = 5;  // in a row
  unsigned calls_min = 10;    // in the last ten seconds, of one and of all others
  double rate_gap = 0.3;      // how much more often it fails than the others, 0…1
  base::Duration out_min = std::chrono::seconds{30};
  base::Duration out_max = std::chrono::minutes{5};
};

class EndpointChoice {
 public:
  struct Wanted {
    std::string_view key;                  // of the caller: decides for hash_principal
    bool by_key = false;                   // … and now whatever the balance
    std::optional<unsigned> holder = {};   // taken if it is usable
    std::span<unsigned const> tried = {};  // not these
  };
  struct Pick {
    unsigned endpoint = 0;
    std::uint64_t term = 0;
    bool probe = false;
  };

  // `labels`: one for each address, in the order of the configuration; they decide for hash_principal.
  EndpointChoice(std::vector<std::string> labels, EndpointChoiceOptions options, base::Random& random);

  // Counts as in flight until over(). Nothing: all were tried.
  std::optional<Pick> pick(Wanted const& wanted, base::TimePoint now);
  // True: the address is out since now.
  bool over(Pick const& pick, EndpointVerdict verdict, base::Duration retry_after, base::TimePoint now);

  void opened(unsigned endpoint) noexcept;
  bool closed(unsigned endpoint) noexcept;  // false: it was not open
  void set_odd(unsigned endpoint, bool odd) noexcept { endpoints_[endpoint].odd = odd; }  // another server

  bool is_open(unsigned endpoint) const noexcept { return endpoints_[endpoint].open; }
  bool is_odd(unsigned endpoint) const noexcept { return endpoints_[endpoint].odd; }
  bool is_ejected(unsigned endpoint) const noexcept { return endpoints_[endpoint].out; }
  base::TimePoint out_until(unsigned endpoint) const noexcept { return endpoints_[endpoint].out_until; }
  bool in_use(unsigned endpoint) const noexcept;  // gets calls, not only a probe
  unsigned count_in_use() const noexcept;
  unsigned count_odd() const noexcept;
  unsigned in_flight(unsigned endpoint) const noexcept { return endpoints_[endpoint].in_flight; }
  unsigned size() const noexcept { return static_cast<unsigned>(endpoints_.size()); }

 private:
  static constexpr std::int64_t kSlices = 10;
  struct Slice {  // one second
    std::int64_t second = -1;
    unsigned calls = 0;
    unsigned bad = 0;
  };
  struct Tally {
    unsigned calls = 0;
    unsigned bad = 0;
    double rate() const noexcept { return calls == 0 ? 0 : static_cast<double>(bad) / calls; }
  };
  struct Endpoint {
    std::uint64_t hash = 0;
    bool open = false;
    bool odd = false;
    bool out = false;      // ejected
    bool checked = false;  // … and opened since
    bool probed = false;   // … and its probe is under way
    base::TimePoint out_until;
    base::TimePoint throttled_until;
    base::TimePoint back_at;  // last return
    unsigned times_out = 0;
    unsigned row = 0;  // failures in a row
    unsigned in_flight = 0;
    std::uint64_t term = 0;
    std::array<Slice, kSlices> slices{};
  };

  bool due(unsigned endpoint, base::TimePoint now) const noexcept;
  std::vector<unsigned> candidates(std::span<unsigned const> tried, base::TimePoint now) const;
  unsigned choose(std::vector<unsigned> const& among, Wanted const& wanted);
  unsigned by_hash(std::vector<unsigned> const& among, std::string_view key) const noexcept;
  std::optional<unsigned> waiting_probe(Wanted const& wanted, base::TimePoint now) const noexcept;
  Pick begin(unsigned endpoint, bool probe) noexcept;
  static void count(Endpoint& endpoint, bool bad, base::TimePoint now) noexcept;
  static Tally tally(Endpoint const& endpoint, base::TimePoint now) noexcept;
  bool worse_than_others(unsigned endpoint, base::TimePoint now) const noexcept;
  bool may_eject() const noexcept;
  void eject(Endpoint& endpoint, base::TimePoint now);
  static void clear(Endpoint& endpoint) noexcept;

  std::vector<Endpoint> endpoints_;
  EndpointChoiceOptions options_;
  base::Random& random_;
  unsigned turn_ = 0;
};

}  // namespace weir::upstream
