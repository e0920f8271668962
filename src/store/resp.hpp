// RESP2, the protocol of Redis: replies read from bytes in pieces, commands written as bytes.
//
// hiredis parses (docs/decisions/0010-redis-codec.md); this wraps it into values of our own, with limits that
// hold while a reply is still coming, so that a lying server cannot make us allocate what it never sends.
// One thread. A reply that breaks a limit or the protocol makes the reader useless: close the connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace weir::store {

struct RespValue {
  enum class Kind { nil, status, error, number, text, list };
  Kind kind = Kind::nil;
  std::string text;  // of status, error and text
  std::int64_t number = 0;
  std::vector<RespValue> items;

  bool is(Kind what) const noexcept { return kind == what; }
};

struct RespLimits {
  std::size_t bytes_max = 64U << 20U;  // of one reply, as it is on the wire, roughly
  std::size_t items_max = 100'000;     // of one reply, all levels together
  std::size_t depth_max = 8;           // lists in lists; hiredis stops at 8 by itself
  std::size_t line_max = 64U << 10U;   // of a status, an error or a number
};

class RespReader {
 public:
  explicit RespReader(RespLimits limits = {});
  ~RespReader();
  RespReader(RespReader const&) = delete;
  RespReader& operator=(RespReader const&) = delete;

  enum class Step { need_more, reply, broken };

  // Takes all of `bytes`. Call next() until it needs more before the next feed().
  void feed(std::string_view bytes);
  Step next(RespValue& into);
  std::string const& problem() const noexcept { return problem_; }  // after `broken`

 private:
  friend struct RespBuilder;
  Step broken(std::string why);
  bool waits_in_vain() const noexcept;

  RespLimits const limits_;
  std::size_t bytes_ = 0;  // of the reply under way: what its values hold
  std::size_t items_ = 0;
  bool over_ = false;
  std::string problem_;
  struct Free {
    void operator()(redisReader* reader) const noexcept;
  };
  std::unique_ptr<redisReader, Free> reader_;
};

// One command as an array of bulk strings.
std::string resp_command(std::vector<std::string_view> const& words);

}  // namespace weir::store
