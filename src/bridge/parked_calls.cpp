#include "bridge/parked_calls.hpp"

#include "bridge/parked_call.hpp"

namespace weir::bridge {
namespace {

constexpr std::size_t kKeyBytes = 24;

// The shares of principals are those at each server: the table itself has none.
base::TableOptions without_shares(base::TableOptions options) {
  options.per_principal_max = options.entries_max;
  return options;
}

}  // namespace

std::shared_ptr<ParkedCall> ParkingDesk::take(std::string const& key) {
  auto const found = calls_.find(key);
  if (found == calls_.end()) return nullptr;
  auto call = std::move(found->second);
  calls_.erase(found);
  return call;
}

ParkedCalls::ParkedCalls(base::TableOptions const& options, base::Random& random, unsigned per_server_max)
    : random_(random),
      sealer_(random),
      per_server_max_(per_server_max),
      per_principal_max_(static_cast<unsigned>(options.per_principal_max)),
      table_(without_shares(options), random.next()) {}

ParkedCalls::~ParkedCalls() = default;

std::optional<base::Gate::Pass> ParkedCalls::place_at(std::string_view server, std::string_view principal) {
  std::lock_guard const guard(mutex_);
  auto found = servers_.find(server);
  if (found == servers_.end()) {
    if (servers_.size() >= kServersKept) {  // reloads have brought many names
      std::erase_if(servers_, [](auto const& named) { return named.second.inside() == 0; });
    }
    found =
        servers_.try_emplace(std::string(server), per_server_max_, per_principal_max_, random_.next()).first;
  }
  return found->second.enter(principal);
}

std::optional<std::string> ParkedCalls::admit(ParkingDesk& desk, std::string_view server,
                                              std::string_view principal, base::TimePoint now) {
  auto place = place_at(server, principal);
  if (!place) return std::nullopt;
  auto const key = random_.token(kKeyBytes);
  auto ticket = std::make_shared<Ticket>(Ticket{desk, std::move(*place)});
  auto inserted = table_.insert(key, principal, std::move(ticket), now);
  for (auto const& removed : inserted.removed) {
    auto& at = removed.value->desk;
    at.scheduler().post([&at, gone = removed.key] { at.take(gone); });
  }
  if (inserted.outcome != base::TableOutcome::inserted) return std::nullopt;
  return key;
}

ParkingDesk* ParkedCalls::redeem(std::string const& key, std::string_view principal, base::TimePoint now) {
  auto const pin = table_.find(key, principal, now);
  return pin && table_.erase(pin.handle()) ? &pin->desk : nullptr;
}

void ParkedCalls::forget(std::string const& key, std::string_view principal, base::TimePoint now) {
  if (auto const pin = table_.find(key, principal, now)) table_.erase(pin.handle());
}

}  // namespace weir::bridge
