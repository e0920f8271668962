#include "upstream/era_doubt.hpp"

#include "upstream/discovery.hpp"

namespace weir::upstream {

using base::Fault;
using base::Result;
using core::Outcome;
using mcp::Field;

namespace {

constexpr std::int64_t kUnsupportedVersion = -32022;
constexpr std::int64_t kMissingCapability = -32021;
constexpr std::int64_t kHeaderMismatch = -32020;
constexpr std::int64_t kInvalidParams = -32602;  // `_meta` is missing

// What a modern server says with an HTTP status of its own. -32600 is not among them: legacy servers say it
// of a session that they miss.
bool modern_error(std::int64_t code) noexcept {
  return code == kMissingCapability || code == kHeaderMismatch || code == kInvalidParams || code == -32601 ||
         code == -32603 || code == -32700;
}

bool no_such_endpoint(int status) noexcept { return status == 400 || status == 404 || status == 405; }

}  // namespace

bool raises_doubt(bool modern, int status, mcp::Message const* message) {
  bool const error = message != nullptr && message->kind() == mcp::MessageKind::error;
  auto const code = error ? message->integer(Field::error_code).value_or(0) : 0;
  if (error && code == kUnsupportedVersion && versions_in_error(*message).present) return true;
  if (modern) return no_such_endpoint(status) && !modern_error(code);
  return status == 400 && error &&
         (code == kUnsupportedVersion || code == kMissingCapability || code == kHeaderMismatch ||
          code == kInvalidParams);
}

bool raises_doubt(bool modern, int status, Result<Outcome> const& answer) {
  if (answer) return status != 200 && raises_doubt(modern, status, &answer->message);
  if (refuses_version(answer)) return true;
  return answer.error().fault == Fault::refused && raises_doubt(modern, status, nullptr);
}

bool refuses_version(Result<Outcome> const& answer) {
  if (answer) return false;
  auto const& error = answer.error();
  return error.fault == Fault::protocol && error.blame == base::Blame::upstream &&
         error.retry == base::Retry::always;
}

}  // namespace weir::upstream
