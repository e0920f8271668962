// PeopleTokens: the tokens of a server at which each caller has a sign-in of their own (`per: principal`).
//
// One per server, on its worker. A caller's calls are sent with the token of their sign-in and of no other
// one: there is a TokenSource for each person, made when they first call, so that one of them is renewed by
// one question at a time and what is refused to one says nothing of another. Whether they have signed in is
// looked up in the store, every kLookEvery at most for those who have: a sign-in and a sign-out of
// `weir server` are noticed by the next call after that, and what was kept of the one before is let go. What
// the gateway asks for itself (lists) is sent with the gateway's own sign-in; where there is none, without
// any token, until the server refuses that, and again after kShut.
// Limits: SignInStore::kPeopleMax sources; the one whose person called longest ago makes room, unless it is
// asking. Callers who say not who they are get none. Errors: those of TokenSource; denied; busy; unavailable,
// with the command that helps.
#pragma once

#include <list>
#include <string>
#include <unordered_map>

#include "oauth/token_source_io.hpp"

namespace weir::oauth {

class PeopleTokens final : public core::CredentialSource {
 public:
  static constexpr base::Duration kLookEvery = std::chrono::seconds{1};
  static constexpr base::Duration kShut = std::chrono::minutes{1};

  // `options`: of the gateway's own sign-in; without one its `sign_in` is empty. `names_issuer`: callers are
  // named by several.
  PeopleTokens(TokenParts const& parts, TokenSourceOptions options, TokenSource::Locator locate,
               TokenSource::Reports reports, bool names_issuer);
  ~PeopleTokens() override;

  bool per_caller() const noexcept override { return true; }
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

  std::size_t size() const noexcept { return people_.size(); }

 private:
  struct One {
    std::string id;  // of the Principal
    SignInStore::Stamp stamp;
    base::TimePoint looked;
    std::string sign_in;
    std::shared_ptr<TokenSource> source;
  };
  using Order = std::list<One>;  // who called last comes first
  using Found = base::Result<std::shared_ptr<TokenSource>>;

  Found source_of(core::Principal const& caller);
  Found signed_in(core::Principal const& caller, SignInStore::Stamp stamp);
  TokenSource* known(core::Principal const* caller) const;  // null: none that is in use
  void let_go(Order::iterator one);
  bool make_room();
  bool without_token() const noexcept { return options_.sign_in.empty(); }
  bool shut() const noexcept;

  TokenParts parts_;
  TokenSourceOptions const options_;
  TokenSource::Locator locate_;
  TokenSource::Reports reports_;
  bool const names_issuer_;
  std::shared_ptr<TokenSource> const own_;
  Value const nothing_;
  std::optional<base::TimePoint> shut_until_;  // to who shows no token
  Order order_;
  std::unordered_map<std::string_view, Order::iterator> people_;  // by One::id
};

}  // namespace weir::oauth
