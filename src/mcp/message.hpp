// Message: one JSON-RPC message of MCP as its received bytes plus the places that Weir needs.
//
// decode() validates the whole text in one pass (RFC 8259, UTF-8, limits) and remembers spans; no tree, no
// copy. The bytes never change: edits are made while sending (splice.hpp). A Message is one pointer, so that
// it is cheap to move through the layers and in the frames that hold it; a moved-from one may only be
// assigned to or destroyed. Owned by one task; const access from any thread.
//
// Checked: jsonrpc 2.0; exactly one of method, result and error; ids are integers or strings of ≤
// id_bytes_max, null or absent only in an error response; method is a string; params, result and error are
// objects; no key twice in the envelope, params, error, ref or `_meta` (in results the last one counts); text
// of recognised strings without lone surrogates (requestState, instructions, error messages and trace context
// are opaque and exempt).
//
// Not checked: the types of the other members. Whoever reads one asks for its kind; a wrong one is -32602,
// not -32600.
#pragma once

#include <array>
#include <boost/system/result.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/frame_pool.hpp"
#include "mcp/field.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/method.hpp"
#include "mcp/span.hpp"

namespace weir::mcp {

struct Limits {
  JsonLimits json{};
  std::size_t bytes_max = 4 * 1024 * 1024;
  std::size_t id_bytes_max = 256;  // of the token's text, without quotes
  std::size_t members_max = 256;   // in each object whose keys must be unique
  std::size_t batch_max = 100;     // elements
};

enum class MessageKind : std::uint8_t { request, notification, result, error };

// Text that somebody else keeps for as long as this lives; never changed, any thread.
struct SharedText {
  std::string_view text;

  explicit SharedText(std::string_view kept) noexcept : text(kept) {}
  SharedText(SharedText const&) = delete;
  SharedText& operator=(SharedText const&) = delete;
  virtual ~SharedText() = default;
};

class Message {
 public:
  Message(Message&&) noexcept = default;
  Message& operator=(Message&&) noexcept = default;
  Message(Message const&) = delete;
  Message& operator=(Message const&) = delete;
  Message copy() const {  // for another thread: explicit, because it copies all bytes
    Message made{std::string(bytes())};
    made.body_->slots = body_->slots;
    made.body_->kind = body_->kind;
    made.body_->method = body_->method;
    return made;
  }

  // A result whose bytes were decoded before and are kept elsewhere: it stands on them, without a copy, put
  // together again from the places that are still needed. `meta` may be empty. Whoever kept them answers for
  // them: nothing is checked, the other members count as absent.
  static Message of_result(std::shared_ptr<SharedText const> bytes, Span id, Span result, Span meta);

  MessageKind kind() const noexcept { return body_->kind; }
  Method method() const noexcept { return body_->method; }  // unknown for other methods and for responses
  std::string_view bytes() const noexcept {
    return body_->shared ? body_->shared->text : std::string_view(body_->bytes);
  }
  std::string take_bytes() && {
    return body_->shared ? std::string(body_->shared->text) : std::move(body_->bytes);
  }

  // The token of a member, exactly as received; empty if absent or if messages of this kind have no such
  // member.
  [[gnu::always_inline]] Span span(Field field) const noexcept {
    return belongs(field) ? body_->slots[slot_of(field)] : Span{};
  }
  std::string_view raw(Field field) const noexcept { return span(field).of(bytes()); }
  bool has(Field field) const noexcept { return !span(field).empty(); }
  bool is(Field field, JsonKind kind) const noexcept {
    return has(field) && kind_of_token(raw(field)) == kind;
  }

  // The text of a string member: a view of the message's bytes, or of `scratch` if it had to be unescaped.
  // Empty if absent, not a string, or (opaque members only) without text.
  std::string_view text(Field field, std::string& scratch) const;

  // The value of a number member that is an integer of 64 bits; 42.0 and 1e3 are not taken.
  std::optional<std::int64_t> integer(Field field) const noexcept;

 private:
  friend class MessageReader;
  struct Body {
    explicit Body(std::string&& received) noexcept : bytes(std::move(received)) {}
    static void* operator new(std::size_t size) { return base::frame_allocate(size); }
    static void operator delete(void* body, std::size_t size) noexcept { base::frame_release(body, size); }

    std::string bytes;
    std::shared_ptr<SharedText const> shared;  // in place of bytes
    std::array<Span, kFieldSlots> slots{};
    MessageKind kind = MessageKind::request;
    Method method = Method::unknown;
  };
  explicit Message(std::string&& bytes) : body_(std::make_unique<Body>(std::move(bytes))) {}

  // Whether messages of this kind have such a member. Fields are constants where they are asked for.
  [[gnu::always_inline]] bool belongs(Field field) const noexcept {
    switch (group_of(field)) {
      case FieldGroup::shared: return true;
      case FieldGroup::request: return kind() == MessageKind::request || kind() == MessageKind::notification;
      case FieldGroup::result: return kind() == MessageKind::result;
      case FieldGroup::error: return kind() == MessageKind::error;
    }
    return false;
  }

  std::unique_ptr<Body> body_;
};

enum class DecodeFault : std::uint8_t {
  too_large,        // over bytes_max
  parse_error,      // not JSON, not UTF-8, or over a JSON limit: -32700
  invalid_request,  // JSON, not a message: -32600
  batch,            // a well-formed array: split_batch() is for those who allow it, else -32600
};

struct DecodeFailure {
  DecodeFault fault = DecodeFault::parse_error;
  std::string sentence;        // what is wrong and at which byte; holds nothing of the message's text
  std::uint32_t position = 0;  // bytes from the start
  std::string id;              // the id's token, if one legal id was read; never null
  std::string bytes;           // the text, given back

  int code() const noexcept { return fault == DecodeFault::parse_error ? -32700 : -32600; }
};

template <class T>
using DecodeResult = boost::system::result<T, DecodeFailure>;

DecodeResult<Message> decode(std::string bytes, Limits const& limits = {});

// The elements of a batch (revision 2025-03-26): 1 to batch_max, each a complete JSON value; decode() each
// one. Limits hold for the array as a whole. `bytes` is not given back in a failure.
DecodeResult<std::vector<Span>> split_batch(std::string_view bytes, Limits const& limits = {});

// Called by DecodeResult::value() on a failure; asking for a value that is not there is our bug.
[[noreturn]] void throw_exception_from_error(DecodeFailure const& failure,
                                             boost::source_location const& where);

}  // namespace weir::mcp
