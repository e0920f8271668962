// The answers of secret stores and files of keys. Any bytes are read, or refused, and nothing they say of a
// failure can break a log line.
#include <cstdint>
#include <string_view>

#include "base/random.hpp"
#include "fuzz/fuzz_text.hpp"
#include "secrets/aws_client.hpp"
#include "secrets/aws_keys.hpp"
#include "secrets/secret_table.hpp"
#include "secrets/store_json.hpp"
#include "secrets/vault_client.hpp"

namespace {

using namespace weir::secrets;
using weir::fuzz::require;

// What people are told of a failure, which goes through the table: first masked, then made printable.
void check_failure(std::string const& detail) {
  static weir::base::SeededRandom random(2);
  static SecretTable table({}, random);
  static weir::base::TimePoint const now{std::chrono::hours{1}};
  static SecretReference const reference{Store::vault, "document", "key"};
  table.want(reference, {}, now);
  table.hurry(now);
  auto due = table.take_due(now, 1);
  require(due.size() == 1, "the document is due");
  due[0].failed(detail, now);
  auto const told = table.alarm(reference);
  require(told.empty() == detail.empty(), "it is told");
  for (char const c : told) require(c >= 0x20 && c < 0x7F, "what a store says is printable");
}

template <class Answer>
void check(Answer const& answer) {
  if (!answer) return check_failure(answer.error().detail);
  if constexpr (requires { answer->values; }) {
    for (auto const& [name, value] : answer->values)
      require(value.reveal().size() <= kStoreAnswerBytesMax, "bounded");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(bytes), size);
  weir::base::SeededRandom random(1);
  weir::base::TimePoint const now{std::chrono::hours{1}};
  for (int const status : {200, 400, 403, 404, 503}) {
    VaultOptions options;
    options.role_id = "r";
    VaultClient client(options, random);
    check(client.logged_in(status, text, now));
    client.renewed(status, text, now);
    check(client.answer(status, text));
    check(aws_answer(status, text));
  }
  check(keys_in_answer(text));
  keys_in_file(text, "default");
  parse_time(text);
  parse_reference(text);
  return 0;
}
