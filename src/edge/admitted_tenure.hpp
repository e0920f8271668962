// AdmittedTenure: whether who was let in at an endpoint would be let in still, and to the same things.
//
// Brain but for the event; lives in the frame of a stream; borrows scheduler, event and the endpoint's rules
// as they are now. Over when what the caller showed has run out, when it would be refused now (a key that was
// taken away, other issuers), or when other policies hold than when it came.
#pragma once

#include <algorithm>
#include <memory>

#include "core/tenure.hpp"
#include "edge/mcp_endpoint.hpp"

namespace weir::edge {

class AdmittedTenure final : public core::Tenure {
 public:
  using Rules = std::shared_ptr<EndpointRules const>;

  AdmittedTenure(base::Scheduler& scheduler, Rules const& now_valid, base::Event& changed, Rules rules,
                 std::shared_ptr<core::Principal const> who)
      : scheduler_(scheduler),
        now_valid_(now_valid),
        changed_(changed),
        rules_(std::move(rules)),
        who_(std::move(who)) {}
  AdmittedTenure(AdmittedTenure const&) = delete;
  AdmittedTenure& operator=(AdmittedTenure const&) = delete;

  bool over() override {
    if (scheduler_.clock().wall() >= who_->until) return true;
    if (rules_ == now_valid_) return false;
    auto const& now = *now_valid_;
    bool const same_access =
        now.access == rules_->access || (now.access && rules_->access && *now.access == *rules_->access);
    bool const admitted = who_->kind == "cert" ? now.certificates == rules_->certificates
                                               : now.authenticator.still_admits(*who_, rules_->authenticator);
    if (!same_access || !admitted) return true;
    rules_ = now_valid_;
    return false;
  }
  base::TimePoint until() const override {
    constexpr auto kNever = base::TimePoint::max();
    if (who_->until == base::WallTime::max()) return kNever;
    auto const left = who_->until - scheduler_.clock().wall();
    auto const now = scheduler_.now();
    return left < kNever - now ? now + std::chrono::duration_cast<base::Duration>(left) : kNever;
  }
  base::Event& changed() noexcept override { return changed_; }

  // The same caller has come again, with what may hold longer.
  void renew(std::shared_ptr<core::Principal const> who) {
    if (who->until >= who_->until) who_ = std::move(who);
  }

 private:
  base::Scheduler& scheduler_;
  Rules const& now_valid_;
  base::Event& changed_;
  Rules rules_;  // that it was admitted by
  std::shared_ptr<core::Principal const> who_;
};

}  // namespace weir::edge
