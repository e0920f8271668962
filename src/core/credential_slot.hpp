// CredentialSlot: what a server is sent with every request, or what its issuer is shown for tokens, in its
// present edition and the one before; changed while the server is in use (R-059, F-30).
//
// Brain; one of each for a configured HTTP server, any thread, one short lock of its own. Time is passed in.
// A new edition is on trial until a request with it was accepted. While it is, what the server refuses with
// 401 (an issuer: as a client that it does not know) may be sent once more with the edition before: that
// proves that nothing was executed. Does the server take that one, the new edition is bad and the one before
// holds again. After the first success the one before stays for the overlap: for servers that learn of the
// new one late. What is found out goes to `heard`, outside the lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"

namespace weir::core {

using CredentialFields = std::vector<std::pair<std::string, base::Secret>>;

enum class CredentialPart {
  sent,   // to the server, with every request
  shown,  // to the issuer of its tokens
};
enum class CredentialNews {
  good,     // the new edition was accepted
  bad,      // the new edition was refused, the one before was not: it holds again
  refused,  // the only edition there is was refused: there may be a new one in its store
};

class CredentialSlot {
 public:
  using Heard = std::function<void(CredentialNews)>;
  struct Use {
    std::uint64_t edition = 0;
    std::shared_ptr<CredentialFields const> fields;
  };

  static constexpr base::Duration kTrialMax = std::chrono::hours{1};
  // Who makes settings may not have heard yet that these were refused.
  static constexpr base::Duration kNotAgain = std::chrono::seconds{5};
  static constexpr base::Duration kPatience = std::chrono::seconds{1};
  static constexpr base::Duration kPatienceAgain = std::chrono::seconds{5};

  // `renewable`: its secrets may change in their stores, so that it is worth asking there when they are
  // refused.
  CredentialSlot(CredentialFields fields, bool renewable, Heard heard);

  // Equal fields change nothing, and neither do those that were refused less than kNotAgain ago.
  void set(CredentialFields fields, base::Duration overlap, base::TimePoint now);
  void set_renewable(bool renewable);
  void expire(base::TimePoint now);  // wipes a reserve whose time is over

  std::uint64_t edition() const noexcept { return edition_.load(std::memory_order_acquire); }
  Use use() const;
  bool on_trial() const;
  // The status of an answer to a request that was sent with that edition.
  void answered(std::uint64_t edition, int status, base::TimePoint now);
  // Likewise, where no status says it. `instead`: the request was sent because the current edition had been
  // refused; what was under way before that says nothing of it.
  void accepted(std::uint64_t edition, base::TimePoint now, bool instead);
  // After a 401: another edition to send the same request with. None: there is no other.
  std::optional<Use> instead_of(std::uint64_t edition, base::TimePoint now);
  // After a 401 without another edition: until when it is worth waiting for a new one. At most kPatience once
  // in kPatienceAgain; now when it is not.
  base::TimePoint patience(base::TimePoint now);

 private:
  void go_back();
  mutable std::mutex mutex_;
  std::atomic<std::uint64_t> edition_{1};
  std::atomic<bool> watching_{false};  // answers may still teach something
  std::uint64_t last_ = 1;             // edition ever made
  Use current_;
  std::optional<Use> before_;
  std::shared_ptr<CredentialFields const> bad_;  // given up, not to be taken again before …
  base::TimePoint bad_until_{};
  base::TimePoint drop_at_{};
  base::Duration overlap_{};
  bool proven_ = true;
  bool doubted_ = false;  // the current edition was refused while on trial
  bool renewable_;
  base::TimePoint patient_until_{};
  std::optional<base::TimePoint> patient_again_;
  Heard const heard_;
};

}  // namespace weir::core
