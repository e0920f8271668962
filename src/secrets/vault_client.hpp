// VaultClient: how HashiCorp Vault is asked: KV version 2, with a token or AppRole, in a namespace, renewing
// what it holds (R-054, F-29).
//
// Brain; belongs to one thread, time is passed in. next() says what to send before a document can be read:
// a login, a renewal, or nothing. A token is renewed at two thirds of its lease, a little earlier by chance;
// one that cannot be renewed is used until its end. Vault answers the same to a token that is over and to one
// that may not read a document: a role logs in anew for a refusal, but not with a token younger than
// kTokenYoung, and not within kLoginAgain of a login that has not helped that document: the token may be good
// for others. Until a login has succeeded the token stays in use. Sources: Vault HTTP API,
// "auth/token/renew-self", "auth/approle/login", "KV secrets engine v2: read secret version".
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "secrets/secret_table.hpp"
#include "secrets/store_question.hpp"

namespace weir::secrets {

struct VaultOptions {
  std::string space;  // X-Vault-Namespace; empty = none
  std::string mount = "secret";
  base::Secret token;   // used as it is, or …
  std::string role_id;  // … a token is fetched with these
  base::Secret secret_id;
  std::string approle_mount = "approle";
  bool operator==(VaultOptions const&) const = default;
};

class VaultClient {
 public:
  enum class Step { read, login, renew };
  static constexpr base::Duration kTokenYoung = std::chrono::minutes{1};
  static constexpr base::Duration kLoginAgain = std::chrono::minutes{10};
  static constexpr std::size_t kDeniedMax = 1000;  // documents whose refusal is remembered

  VaultClient(VaultOptions options, base::Random& random);

  // What has to be sent first. `read`: a document can be asked for.
  Step next(base::TimePoint now) const;
  StoreQuestion login() const;
  StoreQuestion renew() const;
  StoreQuestion read(std::string_view document) const;

  // What came back. Errors: unauthenticated (the credential is refused), denied, not_found, unavailable,
  // protocol. `sent`: the question's credentials. `detail` holds none of them, but may hold anything else
  // that Vault said.
  using Sent = std::span<base::Secret const>;
  base::Result<void> logged_in(int status, std::string_view body, base::TimePoint now, Sent sent = {});
  void renewed(int status, std::string_view body, base::TimePoint now);  // a failure costs only the renewal
  base::Result<StoreAnswer> answer(int status, std::string_view body, Sent sent = {}) const;
  // What became of a document that was asked for with the token of that login; denied: 401 or 403. True: it
  // is worth asking once more, with another token.
  bool heard(std::string_view document, bool denied, std::uint64_t login, base::TimePoint now);
  std::uint64_t login_number() const noexcept { return logins_; }  // of the token in use
  void login_failed() noexcept { stale_ = false; }                 // there was no answer, or no token in it
  // Until the end of a token that has to be renewed in time; 0: there is none.
  base::Duration left(base::TimePoint now) const;
  void renewal_failed(base::TimePoint now);  // there was no answer

 private:
  void hold(base::Secret token, base::Duration lease, bool renewable, base::TimePoint now);
  StoreQuestion question(std::string method, std::string target) const;

  VaultOptions options_;
  base::Random& random_;
  base::Secret token_;
  bool fresh_ = false;  // a token that was given to us: how long it lasts is not known yet
  bool renewable_ = false;
  bool stale_ = false;  // it was refused: a login may help
  std::uint64_t logins_ = 0;
  base::TimePoint logged_in_at_{};
  std::map<std::string, std::uint64_t, std::less<>> denied_;  // the login in use when first refused
  std::optional<base::TimePoint> renew_at_;
  std::optional<base::TimePoint> ends_;
};

// "permission denied", from the errors of an answer, as they are.
std::string vault_errors(std::string_view body);

}  // namespace weir::secrets
