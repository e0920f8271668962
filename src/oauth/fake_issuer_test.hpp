// FakeIssuer: a Fetcher whose answers a test writes, and which remembers what it was asked.
//
// One per test, on its virtual loop. Answers are taken in order, the last one for good; each takes `takes`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/scheduler.hpp"
#include "net/http_fetch.hpp"

namespace weir::oauth {

struct FakeIssuer final : net::Fetcher {
  using Reply = base::Result<net::FetchedReply>;
  struct Asked {
    std::string url;
    std::string form;
    std::vector<std::pair<std::string, std::string>> fields;
    bool guarded = false;
    std::string field(std::string_view name) const {
      for (auto const& [key, value] : fields) {
        if (key == name) return value;
      }
      return {};
    }
  };

  explicit FakeIssuer(base::Scheduler& loop) : scheduler(loop) {}

  static Reply json(int status, std::string body) {
    net::FetchedReply reply;
    reply.status = status;
    reply.content_type = "application/json";
    reply.body = std::move(body);
    return reply;
  }
  static Reply with(Reply reply, std::string_view name, std::string value) {
    reply->fields.emplace_back(name, std::move(value));
    return reply;
  }
  static Reply token(std::string const& token, int expires_in = 3600) {
    return json(200, R"({"access_token":")" + token + R"(","token_type":"Bearer","expires_in":)" +
                         std::to_string(expires_in) + "}");
  }

  base::Task<Reply> fetch(net::FetchRequest const& request, base::TimePoint) override {
    Asked one{request.url.text(), std::string(request.body.reveal()), {}, request.guard != nullptr};
    for (auto const& [name, value] : request.fields) one.fields.emplace_back(name, value.reveal());
    asked.push_back(std::move(one));
    at.push_back(scheduler.now());
    if (takes > base::Duration::zero()) co_await scheduler.sleep_for(takes);
    if (answer) co_return answer(asked.back());
    Reply reply = answers.front();
    if (answers.size() > 1) answers.erase(answers.begin());
    co_return reply;
  }

  base::Scheduler& scheduler;
  std::vector<Reply> answers;
  std::function<Reply(Asked const&)> answer;  // instead of `answers`
  base::Duration takes{};
  std::vector<Asked> asked;
  std::vector<base::TimePoint> at;
};

}  // namespace weir::oauth
