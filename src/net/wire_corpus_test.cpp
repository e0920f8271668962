// The wire corpus (test/wire) against the parsers (T-41): each case has one reading, however its bytes
// arrive.
#include "wire/wire_case.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "net/chunked.hpp"
#include "net/http_head.hpp"

namespace weir::net {
namespace {

using test::WireCase;

HeadVerdict parse_head(std::string_view buffer, HttpLimits const& limits, HeadSearch& search,
                       RequestHead& head) {
  return parse_request_head(buffer, limits, search, head);
}
HeadVerdict parse_head(std::string_view buffer, HttpLimits const& limits, HeadSearch& search,
                       ResponseHead& head) {
  return parse_response_head(buffer, limits, search, head);
}
bool is_interim(RequestHead const&) { return false; }
bool is_interim(ResponseHead const& head) { return head.interim(); }
int refused(RequestHead const&, int status) { return status; }
int refused(ResponseHead const&, int) { return 502; }

// One connection as the I/O files drive the parsers: keeps what is not consumed, and says what it has seen.
template <class Head>
class Reader {
 public:
  void feed(std::string_view bytes) {
    buffer_ += bytes;
    while (over_.empty() && step()) {
    }
  }
  std::string outcome() const {
    std::string const accepted = "accept " + std::to_string(messages_);
    if (!over_.empty()) return messages_ == 0 ? over_ : accepted + (refused_ ? " then " : " ") + over_;
    if (in_head_ && buffer_.empty() && messages_ != 0) return accepted + " keep";
    return messages_ == 0 ? "wait" : accepted + " wait";
  }

 private:
  bool step() { return in_head_ ? step_head() : step_body(); }

  bool step_head() {
    HeadVerdict const verdict = parse_head(buffer_, limits_, search_, head_);
    if (verdict.state == HeadVerdict::State::bad) return refuse(verdict.refusal.status);
    if (verdict.state == HeadVerdict::State::need_more) return false;
    keep_alive_ = head_.keep_alive;  // the head's views die with the bytes dropped next
    framing_ = head_.framing;
    bool const interim = is_interim(head_);
    buffer_.erase(0, verdict.head_bytes);
    search_ = {};
    if (interim) return true;
    in_head_ = false;
    left_ = framing_.length;
    decoder_ = ChunkedDecoder{limits_};
    return true;
  }

  bool step_body() {
    if (framing_.kind == Framing::Kind::until_close) {
      ++messages_;
      over_ = "until_close";
      return false;
    }
    if (framing_.kind == Framing::Kind::chunked) {
      ChunkedDecoder::Step const chunk = decoder_.next(buffer_);
      if (chunk.state == ChunkedDecoder::Step::State::bad)
        return refuse(refused(head_, chunk.refusal.status));
      buffer_.erase(0, chunk.consumed);
      if (chunk.state != ChunkedDecoder::Step::State::done) return chunk.consumed != 0;
    } else {
      std::size_t const here = std::min<std::uint64_t>(left_, buffer_.size());
      left_ -= here;
      buffer_.erase(0, here);
      if (left_ != 0) return false;
    }
    ++messages_;
    in_head_ = true;
    if (!keep_alive_) over_ = "close";
    return keep_alive_ && !buffer_.empty();
  }

  bool refuse(int status) {
    over_ = std::to_string(status) + " close";
    refused_ = true;
    return false;
  }

  HttpLimits limits_;
  HeadSearch search_;
  Head head_;
  ChunkedDecoder decoder_{limits_};
  Framing framing_;
  std::string buffer_;
  std::string over_;
  std::uint64_t left_ = 0;
  int messages_ = 0;
  bool in_head_ = true;
  bool keep_alive_ = true;
  bool refused_ = false;
};

template <class Head>
std::string whole(std::string_view bytes) {
  Reader<Head> reader;
  reader.feed(bytes);
  return reader.outcome();
}

template <class Head>
std::string drip(std::string_view bytes) {
  Reader<Head> reader;
  for (char const byte : bytes) reader.feed({&byte, 1});
  return reader.outcome();
}

template <class Head>
void run(std::string_view folder, std::size_t cases_min) {
  std::vector<WireCase> const cases =
      test::read_wire_cases(std::string{WEIR_SOURCE_DIR "/test/wire/"} + std::string{folder});
  EXPECT_GE(cases.size(), cases_min);
  for (WireCase const& wire : cases) {
    ASSERT_FALSE(wire.expect.empty()) << wire.name;
    EXPECT_EQ(whole<Head>(wire.bytes), wire.expect) << wire.name;
    EXPECT_EQ(drip<Head>(wire.bytes), wire.expect) << wire.name << ", byte by byte";
    if (wire.bytes.size() > 4096) continue;
    for (std::size_t at = 1; at < wire.bytes.size(); ++at) {
      Reader<Head> reader;
      reader.feed(std::string_view{wire.bytes}.substr(0, at));
      reader.feed(std::string_view{wire.bytes}.substr(at));
      ASSERT_EQ(reader.outcome(), wire.expect) << wire.name << ", split at " << at;
    }
  }
}

TEST(WireCorpus, RequestsHaveExactlyOneReading) { run<RequestHead>("request", 400); }
TEST(WireCorpus, AnswersOfUpstreamsHaveExactlyOneReading) { run<ResponseHead>("response", 100); }

}  // namespace
}  // namespace weir::net
