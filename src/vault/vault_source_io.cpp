#include "vault/vault_source_io.hpp"

#include "vault/store_fetch_io.hpp"

namespace weir::vault {

using base::Result;
using base::Task;
using secrets::StoreAnswer;
using Step = secrets::VaultClient::Step;

Task<Result<void>> VaultSource::prepare(base::TimePoint deadline) {
  if (client_.next(scheduler_.now()) == Step::read) co_return Result<void>();
  auto const turn = co_await turn_.acquire();
  auto const step = client_.next(scheduler_.now());  // somebody else may have done it meanwhile
  if (step == Step::read) co_return Result<void>();
  auto question = step == Step::login ? client_.login() : client_.renew();
  auto reply = co_await ask_store(fetcher_, address_, std::move(question), deadline);
  auto const now = scheduler_.now();
  if (step == Step::renew) {
    if (reply) {
      client_.renewed(reply->status, reply->body.reveal(), now);
    } else {
      client_.renewal_failed(now);
    }
    co_return Result<void>();
  }
  if (!reply) {
    client_.login_failed();
    co_return std::move(reply).error();
  }
  co_return client_.logged_in(reply->status, reply->body.reveal(), now, reply->sent);
}

Task<Result<StoreAnswer>> VaultSource::read(secrets::SecretReference const& about, base::TimePoint deadline) {
  for (int attempt = 0;; ++attempt) {
    auto ready = co_await prepare(deadline);
    // A login that another document's refusal has asked for: the token at hand may be good for this one.
    bool const at_hand = attempt == 0 && client_.next(scheduler_.now()) != Step::login;
    if (!ready && !at_hand) co_return std::move(ready).error();
    auto const login = client_.login_number();
    auto question = client_.read(about.document);
    auto reply = co_await ask_store(fetcher_, address_, std::move(question), deadline);
    if (!reply) co_return std::move(reply).error();
    auto answer = client_.answer(reply->status, reply->body.reveal(), reply->sent);
    bool const denied = !answer && answer.error().fault == base::Fault::denied;
    bool const again = client_.heard(about.document, denied, login, scheduler_.now()) && attempt == 0;
    // Whoever reads again at two thirds of what is left renews the token in time, however seldom values
    // change.
    auto const left = client_.left(scheduler_.now());
    bool const sooner =
        answer && left > base::Duration{} && (answer->lease <= base::Duration{} || left < answer->lease);
    if (sooner) answer->lease = left;
    if (!again) co_return answer;
  }
}

}  // namespace weir::vault
