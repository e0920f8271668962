#include "edge/batch_contents.hpp"

#include "edge/answer.hpp"

namespace weir::edge {

BatchContents read_batch(std::string_view array, std::vector<mcp::Span> const& elements,
                         std::size_t bytes_max) {
  BatchContents contents;
  for (auto const& element : elements) {
    auto decoded = mcp::decode(std::string(element.of(array)), {.json = {}, .bytes_max = bytes_max});
    if (decoded) {
      bool const claims = decoded->has(mcp::Field::meta_protocol_version);
      contents.legal = contents.legal && !claims && decoded->method() != mcp::Method::initialize;
      contents.messages.push_back(std::move(*decoded));
    } else {
      auto const& failure = decoded.error();
      contents.answers.push_back(error_message(failure.id, failure.code(), failure.sentence, {}));
    }
  }
  return contents;
}

era::Refusal no_batches() {
  return {400, -32600, "Arrays of messages are for sessions of revision 2025-03-26 only", {}};
}

era::Refusal not_for_batches() {
  return {400, -32600, "A batch holds neither initialize nor messages of 2026-07-28", {}};
}

std::string as_array(std::vector<std::string> const& messages) {
  std::string array;
  for (auto const& message : messages) array.append(array.empty() ? "[" : ",").append(message);
  return array += ']';
}

}  // namespace weir::edge
