// call_of: a core::Call from text, for tests that stand where the edge stands.
//
// The text must be one legal JSON-RPC request; anything else is the test's bug and ends it. The
// CollectingSink keeps what the client would have seen; closed() makes it hold up its writer as a client does
// that does not read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/assert.hpp"
#include "base/sync.hpp"
#include "core/call.hpp"

namespace weir::test {

class CollectingSink final : public core::ClientSink {
 public:
  explicit CollectingSink(base::Scheduler& scheduler) : open_(scheduler) { open_.set(); }
  base::Task<bool> notify(std::string notification) override {
    co_await open_.wait();
    seen.push_back(std::move(notification));
    co_return true;
  }
  void close() { open_.reset(); }
  void open() { open_.set(); }
  std::vector<std::string> seen;

 private:
  base::Event open_;
};

inline mcp::Message message_of(std::string text) {
  auto message = mcp::decode(std::move(text));
  WEIR_ASSERT(message.has_value());
  return std::move(*message);
}

inline std::unique_ptr<core::Call> call_of(std::string text, mcp::Revision revision,
                                           core::ClientSink* sink = nullptr) {
  auto call = std::make_unique<core::Call>(message_of(std::move(text)));
  call->revision = revision;
  call->client = sink;
  call->deadline = call->deadline_latest = base::TimePoint::max();
  return call;
}

}  // namespace weir::test
