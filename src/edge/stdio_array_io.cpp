#include "edge/batch.hpp"
#include "edge/batch_contents.hpp"
#include "edge/stdio_endpoint.hpp"

// Arrays of StdioEndpoint: legal in sessions of one revision, answered with one (P022, P023).
namespace weir::edge {

using base::Task;

void StdioEndpoint::take_array(std::string text) {
  auto const refuse_all = [this](era::Refusal refusal) {
    requests_group_.spawn(refuse({}, std::move(refusal)));
  };
  auto const bytes_max = rules_()->body_bytes_max;
  auto const elements = mcp::split_batch(text, {.json = {}, .bytes_max = bytes_max});
  if (!elements) {
    auto const& failure = elements.error();
    return refuse_all({400, failure.code(), failure.sentence, {}});
  }
  auto contents = read_batch(text, *elements, bytes_max);
  if (!contents.legal) return refuse_all(not_for_batches());
  if (!session_ || !mcp::traits_of(session_->revision).batch) return refuse_all(no_batches());
  requests_group_.spawn(serve_array(std::move(contents.messages), std::move(contents.answers)));
}

Task<void> StdioEndpoint::serve_array(std::vector<mcp::Message> messages, std::vector<std::string> answers) {
  Place const place(*this);
  Array array{std::move(answers), 0};
  base::TaskGroup calls(parts_.scheduler);
  for (auto& message : messages) {
    if (message.kind() == mcp::MessageKind::request) {
      calls.spawn(serve_request(std::move(message), &array));
    } else {
      take_note(std::move(message));
    }
  }
  co_await calls.idle();
  if (!array.answers.empty()) co_await write_line(as_array(array.answers));
}

Task<std::size_t> StdioEndpoint::deliver(core::Outcome const& outcome, Array* array) {
  if (array == nullptr) co_return co_await write_outcome(outcome);
  std::string json;
  outcome.edits.append_to(json);
  std::size_t const bytes = json.size() + 1;
  co_await deliver(std::move(json), array);
  co_return bytes;
}

Task<void> StdioEndpoint::deliver(std::string json, Array* array) {
  if (array == nullptr || array->held + json.size() > Batch::kHeldBytesMax) {
    co_await write_line(std::move(json));
    co_return;
  }
  array->held += json.size();
  array->answers.push_back(std::move(json));
}

}  // namespace weir::edge
