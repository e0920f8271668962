#include "core/credential_slot.hpp"

namespace weir::core {
namespace {

bool proves(int status) noexcept { return status < 500 && status != 401 && status != 403 && status != 407; }

}  // namespace

CredentialSlot::CredentialSlot(CredentialFields fields, bool renewable, Heard heard)
    : renewable_(renewable), heard_(std::move(heard)) {
  current_ = {1, std::make_shared<CredentialFields const>(std::move(fields))};
}

void CredentialSlot::set(CredentialFields fields, base::Duration overlap, base::TimePoint now) {
  std::lock_guard const lock(mutex_);
  overlap_ = overlap;
  if (fields == *current_.fields) return;
  if (bad_ && now < bad_until_ && fields == *bad_) return;
  bad_.reset();
  if (!proven_ && before_ && fields == *before_->fields) {  // it was taken back before anybody said anything
    go_back();
    return;
  }
  if (proven_ || !before_) before_ = current_;  // else the one before is the last that is known to be good
  current_ = {++last_, std::make_shared<CredentialFields const>(std::move(fields))};
  drop_at_ = now + kTrialMax;
  proven_ = false;
  doubted_ = false;
  watching_.store(true, std::memory_order_release);
  edition_.store(current_.edition, std::memory_order_release);
}

void CredentialSlot::go_back() {
  current_ = std::move(*before_);
  before_.reset();
  proven_ = true;
  watching_.store(false, std::memory_order_release);
  edition_.store(current_.edition, std::memory_order_release);
}

bool CredentialSlot::on_trial() const {
  std::lock_guard const lock(mutex_);
  return !proven_ && before_.has_value();
}

void CredentialSlot::set_renewable(bool renewable) {
  std::lock_guard const lock(mutex_);
  renewable_ = renewable;
}

void CredentialSlot::expire(base::TimePoint now) {
  std::lock_guard const lock(mutex_);
  if (now >= bad_until_) bad_.reset();
  if (!before_ || now < drop_at_) return;
  before_.reset();
  proven_ = true;
  watching_.store(false, std::memory_order_release);
}

CredentialSlot::Use CredentialSlot::use() const {
  std::lock_guard const lock(mutex_);
  return current_;
}

void CredentialSlot::answered(std::uint64_t edition, int status, base::TimePoint now) {
  if (proves(status)) accepted(edition, now, true);
}

void CredentialSlot::accepted(std::uint64_t edition, base::TimePoint now, bool instead) {
  if (!watching_.load(std::memory_order_acquire)) return;
  auto news = CredentialNews::good;
  {
    std::lock_guard const lock(mutex_);
    if (proven_ || !before_) return;
    if (edition == current_.edition) {
      proven_ = true;
      drop_at_ = now + overlap_;
    } else if (edition == before_->edition && doubted_ && instead) {
      bad_ = current_.fields;
      bad_until_ = now + kNotAgain;
      go_back();
      news = CredentialNews::bad;
    } else {
      return;
    }
  }
  if (heard_) heard_(news);
}

std::optional<CredentialSlot::Use> CredentialSlot::instead_of(std::uint64_t edition, base::TimePoint now) {
  std::lock_guard const lock(mutex_);
  if (edition != current_.edition) return current_;
  if (!before_ || now >= drop_at_) return {};
  doubted_ = !proven_;
  return before_;
}

base::TimePoint CredentialSlot::patience(base::TimePoint now) {
  {
    std::lock_guard const lock(mutex_);
    if (!renewable_) return now;
    if (now < patient_until_) return patient_until_;
    if (patient_again_ && now < *patient_again_) return now;
    patient_until_ = now + kPatience;
    patient_again_ = now + kPatienceAgain;
  }
  if (heard_) heard_(CredentialNews::refused);
  return now + kPatience;
}

}  // namespace weir::core
