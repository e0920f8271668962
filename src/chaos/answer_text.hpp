// AnswerText: one HTTP/1.1 answer as bytes that come in pieces, and the JSON-RPC response in it, to be
// harmed.
//
// Knows sized bodies, chunked ones and event streams, only as well as needed to find the response's object
// and its id; edits keep the length, so that the framing stays right and only the message is wrong. Brain;
// one thread. Holds at most kBytesMax, then it counts as whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::chaos {

class AnswerText {
 public:
  static constexpr std::size_t kBytesMax = 16 * 1024 * 1024;

  void add(std::string_view bytes) { text_.append(bytes); }
  bool whole() const;  // the response is here, or the end of the answer
  // What may go on already: events of a stream that are no response. Empty while that is not sure.
  std::string take_passed();
  std::string take() { return std::move(text_); }

  // Each is false where there is no response to do it to.
  bool break_json();
  bool change_id();
  bool cut();  // half of the response is left

 private:
  struct Response {
    std::size_t begin, end;    // of the object
    std::size_t id, id_bytes;  // of the id's token
  };
  std::size_t body() const;                     // where it begins; npos: not yet
  std::optional<Response> response() const;     // the first complete one
  bool head_says(std::string_view what) const;  // lower case

  std::string text_;
  bool past_head_ = false;  // the head has gone on
};

}  // namespace weir::chaos
