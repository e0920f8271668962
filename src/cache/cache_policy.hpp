// CachePolicy: which calls of one server may be answered from the cache, under which key, and which of them
// change what is kept.
//
// Immutable, made anew by a reload; any thread. What may be cached (F-40): results that carry hints of their
// own (resources/read), by those hints or a configured lifetime; tools and prompts that the operator named,
// or with `trust_hints` tools that call themselves read-only. Never: a retry after input_required (P091), a
// call that asks for a task, subscriptions, anything else.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/answer_key.hpp"
#include "cache/cache_order.hpp"
#include "cache/known_callers.hpp"

namespace weir::cache {

// For operations that a pattern names; the first match counts.
struct OperationRule {
  std::string pattern;  // glob over the server's own names of tools and prompts
  std::optional<base::Duration> ttl;
  std::optional<base::Duration> stale_while_revalidate;
  std::vector<std::string> ignored;  // arguments that do not change the answer
  bool shared = false;               // the same for every caller
  std::vector<std::string> tags;
};

struct CacheRules {  // of one server
  std::string server;
  std::string revision;  // changes with whatever decides what the server answers
  bool enabled = true;
  std::optional<base::Duration> ttl;                   // configured for the server
  base::Duration default_ttl = std::chrono::hours{1};  // of named operations, where nothing else says
  std::optional<base::Duration> stale_while_revalidate;
  std::optional<base::Duration> stale_max;
  base::Duration negative = std::chrono::seconds{5};  // 0: nothing is remembered
  bool configured = false;                            // somebody wrote a `caching:` section
  bool honour_hints = true;
  bool trust_hints = false;
  bool by_session = false;  // each session has a server of its own
  bool on_update = true;
  PartitionBy partition = PartitionBy::token;
  std::vector<OperationRule> operations;
  std::vector<std::string> updates;  // globs over the server's own names
};

class CachePolicy {
 public:
  CachePolicy(CacheRules rules, std::shared_ptr<AnswerKeys const> keys)
      : rules_(std::move(rules)), keys_(std::move(keys)) {}

  // Nothing: the call passes by the cache.
  std::optional<CacheOrder> order_for(core::Call const& call, KnownCallers& callers) const;
  std::optional<CacheOrder> order_for(core::Call const& call) const {
    KnownCallers nobody;
    return order_for(call, nobody);
  }

  // Whether this call may change what other calls of the server answer.
  bool updates(core::Call const& call) const;
  // What such a call invalidates: the operations that share a tag with it, else all of the server.
  std::vector<store::Selection> touched_by(core::Call const& call) const;

  // The operations with this tag, as selections.
  std::vector<store::Selection> tagged(std::string_view tag) const;

  CacheRules const& rules() const noexcept { return rules_; }

 private:
  OperationRule const* rule_for(std::string_view operation) const;
  CacheRules rules_;
  std::shared_ptr<AnswerKeys const> keys_;
};

}  // namespace weir::cache
