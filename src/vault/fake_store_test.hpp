// FakeStore: a Fetcher of tests. Notes what was asked, and answers what the test has put down, in order.
//
// Where nothing is put down, nobody listens: connect_failed.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "net/http_fetch.hpp"

namespace weir::vault {

struct FakeStore final : net::Fetcher {
  struct Asked {
    std::string line;  // "GET http://host/path"
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;
    std::string field(std::string_view name) const {
      for (auto const& [key, value] : fields) {
        if (key == name) return value;
      }
      return "-";
    }
  };
  std::vector<Asked> asked;
  std::deque<std::pair<int, std::string>> answers;  // status 0: no connection

  base::Task<base::Result<net::FetchedReply>> fetch(net::FetchRequest const& request,
                                                    base::TimePoint) override {
    Asked one{request.method + " " + request.url.text(), {}, std::string(request.body.reveal())};
    for (auto const& [name, value] : request.fields) one.fields.emplace_back(name, value.reveal());
    asked.push_back(std::move(one));
    std::pair<int, std::string> next{0, ""};
    if (!answers.empty()) {
      next = answers.front();
      answers.pop_front();
    }
    if (next.first == 0) {
      co_return base::Error(base::Fault::connect_failed, base::Blame::upstream, "connection refused");
    }
    net::FetchedReply reply;
    reply.status = next.first;
    reply.body = next.second;
    co_return reply;
  }
};

inline base::Task<void> keep_answer(base::Task<base::Result<secrets::StoreAnswer>> reading,
                                    base::Result<secrets::StoreAnswer>& out) {
  out = co_await std::move(reading);
}

}  // namespace weir::vault
