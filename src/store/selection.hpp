// Labels and Selection: what a kept answer is of, and which of them somebody means.
//
// Values. A Selection names answers for people and for invalidation: globs (base/glob.hpp) over the server
// and the operation, an exact resource, an exact owner. Empty members select everything. Pure, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::store {

struct Labels {
  std::string server;     // configured name
  std::string operation;  // name of the tool or prompt, else the method: "resources/read"
  std::string target;     // URI of the resource; "" for tools and prompts
  std::string who;        // whose it is: a digest of the partition, in hexadecimal; "" is everybody's
  friend bool operator==(Labels const&, Labels const&) = default;
};

struct Selection {
  std::string server;     // glob with `*`; "" is every one
  std::string operation;  // glob with `*`; "" is every one
  std::string target;     // exact; "" is every one
  std::string who;        // exact; "" is everybody's

  bool everything() const noexcept {
    return server.empty() && operation.empty() && target.empty() && who.empty();
  }
  bool matches(Labels const& labels) const noexcept;
  // One line, for stores and for logs: percent-encoded members between `|`.
  std::string text() const;
  friend bool operator==(Selection const&, Selection const&) = default;
};

std::optional<Selection> parse_selection(std::string_view text);

}  // namespace weir::store
