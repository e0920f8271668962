#include "vault/store_fetch_io.hpp"

#include "secrets/secret_mask.hpp"
#include "secrets/store_json.hpp"

namespace weir::vault {

base::Task<base::Result<StoreReply>> ask_store(net::Fetcher& fetcher, net::Url address,
                                               secrets::StoreQuestion question, base::TimePoint deadline) {
  net::FetchRequest request;
  request.method = std::move(question.method);
  request.url = std::move(address);
  request.url.target = std::move(question.target);
  request.fields = std::move(question.fields);
  request.body = std::move(question.body);
  request.answer_bytes_max = secrets::kStoreAnswerBytesMax;
  auto reply = co_await fetcher.fetch(request, deadline);
  if (!reply) {
    auto error = std::move(reply).error();
    secrets::SecretMask(question.credentials).apply(error.detail);
    error.detail = secrets::plain("no answer from " + request.url.authority + ": " + error.detail);
    co_return error;
  }
  StoreReply out;
  out.sent = std::move(question.credentials);
  out.status = reply->status;
  out.body = base::Secret(reply->body);
  explicit_bzero(reply->body.data(), reply->body.size());
  co_return out;
}

}  // namespace weir::vault
