#include "bridge/parked_calls.hpp"

#include "bridge/parked_call.hpp"

namespace weir::bridge {
namespace {

constexpr std::size_t kKeyBytes = 24;

}  // namespace

std::shared_ptr<ParkedCall> ParkingDesk::take(std::string const& key) {
  auto const found = calls_.find(key);
  if (found == calls_.end()) return nullptr;
  auto call = std::move(found->second);
  calls_.erase(found);
  return call;
}

ParkedCalls::ParkedCalls(base::TableOptions const& options, base::Random& random)
    : random_(random), sealer_(random), table_(options, random.next()) {}

ParkedCalls::~ParkedCalls() = default;

std::optional<std::string> ParkedCalls::admit(ParkingDesk& desk, std::string_view principal,
                                              base::TimePoint now) {
  auto const key = random_.token(kKeyBytes);
  auto inserted = table_.insert(key, principal, std::make_shared<Ticket>(Ticket{desk}), now);
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
