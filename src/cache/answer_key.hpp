// AnswerKeys: names what a call asks for, so that equal questions of one caller meet and no others (F-34).
//
// A key is 128 bits of SHA-256 over a secret and the fields, each with its length before it, so that no two
// lists of fields have one text. Parameters are canonical (mcp/canonical_json.hpp): order, white space and
// escapes make no difference; a value does. `_meta` is about the conversation, not about the question, and
// does not count. A caller's partition is a key of its own, added to that of the question: with the same
// secret, both are as good as random to everybody else. Immutable, any thread. Cost: one pass over the
// parameters. Source: RFC 8785 for what is canonical, but for numbers, which keep their spelling unless they
// are whole.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "core/call.hpp"

namespace weir::cache {

enum class PartitionBy { token, principal };

class AnswerKeys {
 public:
  using Key = std::array<std::uint8_t, 32>;
  explicit AnswerKeys(Key const& secret) noexcept : secret_(secret) {}

  // What is asked. `revision` stands for the server and how it is configured; `ignored`: arguments that do
  // not change the answer.
  base::Digest question(core::Call const& call, std::string_view server, std::string_view revision,
                        std::vector<std::string> const& ignored) const;

  // Whose answers a private one may be reused for. `session`: where sessions do not share a server.
  base::Digest partition(core::Principal const& principal, PartitionBy by, std::string_view session) const;

  // Names a caller in labels, whatever tokens it uses: for throwing away what is kept for it.
  std::string who(std::string_view principal_id) const;

  base::Digest digest(std::span<std::string_view const> fields) const;

 private:
  base::Digest digest_of(std::string_view fields) const;
  Key secret_;
};

// The key of a private answer: the question's within a partition.
base::Digest within(base::Digest const& question, base::Digest const& partition) noexcept;

}  // namespace weir::cache
