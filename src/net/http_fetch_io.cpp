#include <sys/uio.h>

#include "base/run_until.hpp"
#include "net/http_client.hpp"
#include "net/http_fetch.hpp"

namespace weir::net {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Task;

namespace {

constexpr std::string_view kLineEnd = "\r\n";

bool fit_for_a_head(std::string_view text) noexcept {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

// Fields may carry credentials, so the head is one too.
Result<base::Secret> head_of(FetchRequest const& request) {
  std::size_t bytes = 256 + request.url.target.size() + request.url.authority.size();
  for (auto const& [name, value] : request.fields) {
    if (!fit_for_a_head(name) || !fit_for_a_head(value.reveal())) {
      return Error(Fault::invalid_input, Blame::gateway, "a field of a request holds a line end");
    }
    bytes += name.size() + value.reveal().size() + 4;
  }
  std::string head;
  head.reserve(bytes);  // never grows: a grown one would leave a copy of credentials behind
  head.append(request.method).append(" ").append(request.url.target).append(" HTTP/1.1\r\nHost: ");
  head.append(request.url.authority).append("\r\nUser-Agent: weir\r\nConnection: close\r\n");
  for (auto const& [name, value] : request.fields) {
    head.append(name).append(": ").append(value.reveal()).append(kLineEnd);
  }
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    head.append("Content-Length: ").append(std::to_string(request.body.reveal().size())).append(kLineEnd);
  }
  head.append(kLineEnd);
  base::Secret kept(head);
  explicit_bzero(head.data(), head.size());
  return kept;
}

Task<Result<FetchedReply>> converse(HttpClient& client, std::string_view head, base::Secret const& body) {
  auto const text = body.reveal();
  iovec const part{const_cast<char*>(text.data()), text.size()};
  auto answer = co_await client.exchange(head, {&part, text.empty() ? 0u : 1u});
  if (!answer) co_return std::move(answer).error();
  FetchedReply reply{.status = answer->head.status,
                     .content_type = answer->head.content_type,
                     .fields = answer->head.fields,
                     .body = {}};
  if (auto whole = answer->body_now()) {
    reply.body = std::move(*whole);
    co_return std::move(reply);
  }
  auto whole = co_await answer->body();
  if (!whole) co_return std::move(whole).error();
  reply.body = std::move(*whole);
  co_return std::move(reply);
}

}  // namespace

std::string_view FetchedReply::field(std::string_view name) const noexcept {
  for (auto const& [key, value] : fields) {
    if (key == name) return value;
  }
  return {};
}

std::vector<std::string_view> NetFetcher::fields_kept() {
  return {"cache-control", "date",     "dpop-nonce",  "etag",
          "last-modified", "location", "retry-after", "www-authenticate"};
}

Task<Result<FetchedReply>> NetFetcher::fetch(FetchRequest const& request, base::TimePoint deadline) {
  if (request.guard) {
    if (auto const checked = request.guard->check(request.url); !checked) co_return checked.error();
  }
  auto head = head_of(request);
  if (!head) co_return std::move(head).error();
  ClientOptions options;
  options.limits.body_bytes_max = request.answer_bytes_max;
  options.in_use_max = 1;
  options.idle_max = 0;
  options.fields_kept = fields_kept();
  Endpoint to{request.url.https, request.url.host, request.url.port, request.guard};
  HttpClient client(scheduler_, dialer_, std::move(to), options);
  auto work = converse(client, head->reveal(), request.body);
  if (co_await base::run_until(scheduler_, work, deadline) != base::Ended::done) {
    co_return Error(Fault::timed_out, Blame::upstream, "no complete answer in time",
                    base::Retry::if_idempotent);
  }
  co_return work.take();
}

}  // namespace weir::net
