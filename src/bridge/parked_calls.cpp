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
    : random_(random), seed_(random.next()), table_(options, seed_) {}

ParkedCalls::~ParkedCalls() = default;

std::optional<std::string> ParkedCalls::admit(Ticket ticket, std::string_view principal,
                                              base::TimePoint now) {
  auto const key = random_.token(kKeyBytes);
  auto inserted = table_.insert(key, principal, std::make_shared<Ticket>(ticket), now);
  for (auto const& removed : inserted.removed) {
    auto& desk = removed.value->desk;
    desk.scheduler().post([&desk, gone = removed.key] { desk.take(gone); });
  }
  if (inserted.outcome != base::TableOutcome::inserted) return std::nullopt;
  return key;
}

ParkingDesk* ParkedCalls::redeem(std::string const& key, std::uint64_t request, std::string_view principal,
                                 base::TimePoint now) {
  auto const pin = table_.find(key, principal, now);
  if (!pin || pin->request != request) return nullptr;
  if (!table_.erase(pin.handle())) return nullptr;
  return &pin->desk;
}

void ParkedCalls::forget(std::string const& key, std::string_view principal, base::TimePoint now) {
  if (auto const pin = table_.find(key, principal, now)) table_.erase(pin.handle());
}

}  // namespace weir::bridge
