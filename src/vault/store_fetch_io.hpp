// ask_store(): sends a StoreQuestion and hands over what came back, in memory that is wiped.
//
// On one thread; at most kStoreAnswerBytesMax bytes come back. An error's detail is fit for logs.
#pragma once

#include "net/http_fetch.hpp"
#include "secrets/store_question.hpp"

namespace weir::vault {

struct StoreReply {
  int status = 0;
  base::Secret body;
  std::vector<base::Secret> sent;  // the question's credentials
};

// `fetcher` must outlive the task. Errors as of net::Fetcher.
base::Task<base::Result<StoreReply>> ask_store(net::Fetcher& fetcher, net::Url address,
                                               secrets::StoreQuestion question, base::TimePoint deadline);

}  // namespace weir::vault
