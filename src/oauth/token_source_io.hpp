// TokenSource: the tokens of one server: from the cache, else asked for once for all who wait (F-04).
//
// One per server, on its worker. A token at hand costs no wait and is renewed in the background before it
// ends, by one caller. A question goes on when those who wait for it leave: the next one finds its answer.
// What comes for a user whose tokens were dropped meanwhile is given back, and asked for anew.
// Refusals are remembered as the error table says: those that concern the issuer for everybody, the others
// for the one they were given to (F-09), unless several hear the same in a row; another secret or key of the
// client's makes them void. Those may change while it lives: a new one is tried at once, in the background
// where a token is at hand, and one that the issuer does not take gives way to the one before (F-30). An
// issuer that asks for patience is left alone: who waits is told so at once, and waits for it themselves only
// where it is short (kPatience) and their deadline allows. Limits: kFlightsMax different questions,
// kWaitersMax who wait, kAskedAtOnce asked at a time. Who has no verified token of their own gets none
// (F-14), and is told so. Where tokens are bound to a key (DPoP), that is the client's, or the one that a
// sign-in was made with. A server that refuses a token is asked anew who its issuer is (SEP-2352): where that
// is another one, nothing of the old one is used or sent there; what cannot be had without a person or an
// operator is told. Errors: those of error_for_caller(); busy; timed_out; denied.
#pragma once

#include <functional>
#include <optional>
#include <unordered_map>

#include "base/task_group.hpp"
#include "core/credential_slot.hpp"
#include "core/credential_source.hpp"
#include "oauth/grants.hpp"
#include "oauth/locator_io.hpp"
#include "oauth/refresh_book.hpp"
#include "oauth/revocation_loop.hpp"
#include "oauth/sign_in_store.hpp"
#include "oauth/token_cache.hpp"
#include "oauth/token_endpoint_io.hpp"
#include "oauth/workload_assertion.hpp"

namespace weir::oauth {

enum class Grant {
  client_credentials,
  refresh_token,
  password,
  exchange,
  id_jag,
  authorization_code,
  workload
};

// By what the gateway is known to issuers.
struct OwnCredentials {
  std::uint64_t edition = 0;  // in their slot
  bool instead = false;       // … of a newer one that was refused
  ClientIdentity client;
  ClientIdentity company_client;
  base::Secret password;
  WorkloadAssertion assertion;
};

struct TokenSourceOptions {
  std::string server;
  Grant grant = Grant::client_credentials;
  Wanted wanted;  // where there is a locator: what it finds stands in for what is empty here
  ClientIdentity client;
  bool sends_resource = true;    // false: not what the locator finds either
  bool any_auth = false;         // show the client's secret in the way that the issuer takes it
  base::Secret refresh_token;    // refresh_token: as configured
  std::string refresh_file;      // where its successors are kept; "": in memory only
  std::string user;              // password
  SignInUse sign_in_use;         // authorization_code: what the kept sign-in has to be of
  std::string sign_in;           // … which one it is now
  std::optional<Person> person;  // … whose it is; nothing: the gateway's own
  base::Secret password;
  WorkloadAssertion assertion;                       // workload
  std::string_view subject_type = kAccessTokenType;  // exchange, id_jag: what callers show; a constant
  Wanted company;                 // id_jag: the company's own issuer, where callers sign in
  ClientIdentity company_client;  // id_jag: the gateway there
  // Where the secrets and keys of the above may change: they are empty there, and in this slot, from which
  // `read` puts them into their places. Null: what is above holds for good.
  std::shared_ptr<core::CredentialSlot> slot = nullptr;
  std::function<base::Result<OwnCredentials>(OwnCredentials bare, core::CredentialFields const& fields)>
      read = {};
  base::Duration own_life_max = std::chrono::hours{24};  // of the gateway's own tokens
  base::Duration ask_max = std::chrono::seconds{15};     // of one question, all its attempts included
};

// What all servers share.
struct TokenParts {
  base::Scheduler& scheduler;
  net::Fetcher& fetcher;
  base::Random& random;
  TokenKeys const& keys;
  TokenCache& cache;
  RefreshBook& book;
  SignInStore const* sign_ins = nullptr;  // null: nobody can sign in
};

class TokenSource final : public core::CredentialSource {
 public:
  static constexpr std::size_t kFlightsMax = 4096;
  static constexpr std::size_t kWaitersMax = 16'384;
  static constexpr std::size_t kAskedAtOnce = 32;
  static constexpr std::size_t kFailuresOfAll = 3;  // so many different callers in a row: it is the issuer
  static constexpr base::Duration kSuspectedFor = std::chrono::seconds{10};  // at most, for everybody
  static constexpr base::Duration kPatience = std::chrono::seconds{1};       // of who waits, with an issuer
  static constexpr base::Duration kRefusedTwice = std::chrono::seconds{10};

  // Finds the token endpoint, with the server's own help; told what came of it in words of this folder.
  // `anew`: the server has refused a token, and may have moved.
  using Locator = std::function<base::Task<OAuthResult<TokenPlace>>(base::TimePoint deadline, bool anew)>;
  // Who is told what happens here, on the worker; each may be empty. Nothing told holds a secret.
  struct Reports {
    std::function<void(std::string const& what)> alarm;  // an operator should know
    std::function<void()> hit;                           // a token was at hand
    // A question has an answer; `error` is null when it is a token.
    std::function<void(Flow flow, OAuthError const* error, base::Duration took)> asked;
    std::function<void(std::string_view result)> returned;  // as RevocationLoop says
  };

  TokenSource(TokenParts const& parts, TokenSourceOptions options, Locator locate = {}, Reports reports = {});
  ~TokenSource() override;

  bool per_caller() const noexcept override;
  std::string acts_as(core::Principal const& caller) const override;
  Value ready(core::Principal const* caller) override;
  base::Task<base::Result<Value>> obtain(core::Principal const* caller, base::TimePoint deadline) override;
  void refused(core::Principal const* caller, Value const& used, bool again) override;
  std::optional<base::Error> forbidden(core::Principal const* caller,
                                       std::string_view challenge) const override;
  base::Result<base::Secret> proof(core::Principal const* caller, Value const& used, std::string_view method,
                                   std::string_view url) override;
  bool wants_nonce(core::Principal const* caller, std::string_view url, std::string_view nonce,
                   std::string_view challenge) override;
  // Of a sign-in that is not to be used any more: its token is wiped with its last user.
  void forget();

  std::size_t flights() const noexcept { return flights_.size(); }

 private:
  struct Flight;
  using SubjectRef = std::shared_ptr<core::SubjectToken const>;
  struct Block {  // the issuer would not or could not answer anybody
    OAuthError error;
    base::TimePoint until{};
  };

  SubjectRef subject_of(core::Principal const* caller) const;  // null: the gateway itself
  std::optional<TokenKey> key_of(core::Principal const* caller) const;
  std::optional<TokenKey> key_for(SubjectRef const& subject) const;
  bool has_ended(SubjectRef const& subject) const;
  TokenOwner owner_of(SubjectRef const& subject) const;
  TokenKey client_key(OwnCredentials const& own) const;
  OAuthResult<OwnCredentials> own() const;
  OAuthResult<OwnCredentials> own_of(core::CredentialSlot::Use const& use) const;
  bool refuses_gateway(OAuthError const& error, SubjectRef const& subject) const noexcept;
  void notice_edition();
  void accepted(OwnCredentials const& own);
  Flow flow_of(SubjectRef const& subject) const noexcept;
  base::Error told(OAuthError const& error, SubjectRef const& subject) const;
  base::Task<base::Result<Value>> obtain_once(core::Principal const* caller, base::TimePoint deadline);
  std::optional<OAuthError> blocked(base::TimePoint now) const;
  std::shared_ptr<Flight> join(TokenKey const& key, SubjectRef subject);
  base::Task<void> fly(TokenKey key, SubjectRef subject, std::shared_ptr<Flight> flight);
  using Answering = base::Task<OAuthResult<TokenAnswer>>;
  Answering ask(SubjectRef subject, base::TimePoint deadline);
  Answering ask_again(core::CredentialSlot::Use refused, OAuthError why, SubjectRef subject,
                      base::TimePoint deadline);
  Answering ask_with(core::CredentialSlot::Use use, bool instead, SubjectRef subject,
                     base::TimePoint deadline);
  // `own` outlives the task, here and below.
  Answering ask_as(OwnCredentials const& own, SubjectRef subject, base::TimePoint deadline);
  Answering ask_with_assertion(OwnCredentials const& own, SubjectRef subject, base::TimePoint deadline);
  Answering ask_as_workload(OwnCredentials const& own, base::TimePoint deadline);
  Answering ask_refreshed(OwnCredentials const& own, base::TimePoint deadline);
  Answering ask_signed_in(OwnCredentials const& own, base::TimePoint deadline);
  base::Task<std::optional<OAuthError>> moved(KeptSignIn& kept, base::TimePoint deadline);
  Answering renew(OwnCredentials const& own, KeptSignIn kept, base::TimePoint deadline);
  OAuthResult<KeptSignIn> kept_sign_in();
  std::string_view person() const noexcept;  // as in KeptSignIn
  std::shared_ptr<net::EgressGuard const> guard_of(net::Url const& endpoint) const;
  ClientIdentity client_with(OwnCredentials const& own, KeptSignIn const& kept) const;
  OAuthResult<TokenAnswer> given(KeptSignIn const& kept);
  void keep(KeptSignIn const& kept);
  void adopt(TokenPlace place);
  void settle(TokenKey const& key, SubjectRef const& subject, base::TimePoint asked_at,
              OAuthResult<TokenAnswer> answer, Flight& flight, TokenAsking const* asking = nullptr);
  bool suspect(TokenKey const& who, OAuthError const& error);
  void remember(TokenKey const& key, SubjectRef const& subject, OAuthError const& error,
                TokenAsking const* asking);

  TokenParts parts_;
  TokenSourceOptions const options_;
  Wanted wanted_;            // with what was found
  ClientIdentity client_;    // likewise; without what is in the slot
  TokenKey refused_as_;      // names the client that asks
  std::uint64_t known_ = 0;  // edition of the slot
  bool untried_ = false;     // … with which nothing has been asked yet
  Locator locate_;
  Reports reports_;
  TokenEndpoint endpoint_;
  NonceBook nonces_;  // of the server
  RevocationLoop revocations_;
  base::Semaphore places_;
  std::unordered_map<TokenKey, std::shared_ptr<Flight>, TokenKeyHash> flights_;
  std::size_t waiters_ = 0;
  std::optional<Block> block_;
  std::vector<TokenKey> failing_;  // who, in a row; fewer than kFailuresOfAll
  bool doubted_ = false;           // whether the server still has the issuer that was found
  base::Secret given_;             // authorization_code: the last token of the sign-in that was in use
  bool spent_ = false;             // … which the server does not take any more
  base::Duration left_to_take_ = kSkewMax;  // … to be used, where another gateway has asked for it
  std::optional<KeptSignIn> unsaved_;       // … whose renewed tokens could not be written
  base::TaskGroup asking_;
};

}  // namespace weir::oauth
