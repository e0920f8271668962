#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"
#include "upstream/http_backend.hpp"

// What HttpBackend does when a server refuses the headers of a tool call: the tool has changed since its list
// was read (P035).
namespace weir::upstream {

using base::Error;
using base::Result;
using core::Outcome;
using mcp::JsonKind;

namespace {

using Headers = std::vector<mcp::ParamHeader>;

constexpr int kPagesMax = 20;
constexpr base::Duration kHopeless = std::chrono::minutes{1};

// A call with other headers than those of its catalogue.
class Mirrored {
 public:
  Mirrored(core::Call& call, Headers const& headers) noexcept : call_(call), before_(call.mirrored) {
    call.mirrored = &headers;
  }
  Mirrored(Mirrored const&) = delete;
  Mirrored& operator=(Mirrored const&) = delete;
  ~Mirrored() { call_.mirrored = before_; }

 private:
  core::Call& call_;
  Headers const* before_;
};

// The value of a member of an object, as its token; "" if there is none.
std::string_view member(std::string_view object, std::string_view name) {
  mcp::JsonCursor cursor(object);
  mcp::JsonValue key, value;
  if (!cursor.enter_object()) return {};
  while (cursor.next_member(key) && cursor.read_value(value)) {
    if (key.inner(object) == name) return value.span.of(object);
  }
  return {};
}

// The inputSchema of that tool, or "".
std::string_view schema_in(std::string_view page, std::string_view tool) {
  auto const tools = member(page, "tools");
  mcp::JsonCursor cursor(tools);
  mcp::JsonValue one;
  if (!tools.starts_with('[') || !cursor.enter_array()) return {};
  while (cursor.next_element() && cursor.read_value(one)) {
    auto const text = one.span.of(tools);
    std::string name;
    auto const token = member(text, "name");
    if (token.starts_with('"') && mcp::decode_string(token, name) && name == tool)
      return member(text, "inputSchema");
  }
  return {};
}

}  // namespace

base::Task<std::optional<Headers>> HttpBackend::fresh_headers(std::string const& tool) {
  std::string params = "{}";
  for (int page = 0; page < kPagesMax; ++page) {
    auto const answer = co_await ask(mcp::Method::tools_list, params);
    if (!answer || answer->kind() != mcp::MessageKind::result) co_return std::nullopt;
    auto const result = answer->raw(mcp::Field::result);
    if (auto const schema = schema_in(result, tool); !schema.empty()) {
      auto headers = mcp::read_param_headers(schema);
      if (!headers) co_return std::nullopt;
      co_return std::move(*headers);
    }
    auto const cursor = member(result, "nextCursor");
    if (!cursor.starts_with('"')) break;
    params = R"({"cursor":)" + std::string(cursor) + '}';
  }
  co_return std::nullopt;
}

base::Task<Result<Outcome>> HttpBackend::with_fresh_headers(core::Call& call, Dialect const& dialect,
                                                            Error refused) {
  if (scheduler_.now() < headers_again_) co_return refused;
  observer_.list_changed(options_.name, mcp::Method::tools_list);
  auto const headers = co_await fresh_headers(call.target);
  if (!headers) co_return refused;
  Mirrored const guard(call, *headers);
  std::uint64_t const id = next_id_++;
  Sent sent;
  auto reply = co_await post_modern(call, &dialect, id, sent);
  contact(reply);
  if (!reply) co_return about(reply.error());
  auto answer = co_await read_answer(call, dialect, *reply, id);
  if (refuses_headers(answer)) headers_again_ = scheduler_.now() + kHopeless;
  co_return answer;
}

}  // namespace weir::upstream
