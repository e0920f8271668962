// Reads the JSON of secret stores. The memory in which a tree is built is wiped when it goes.
//
// For answers of at most kStoreAnswerBytesMax and files of keys; not for the relay path. Depth at most 16.
#pragma once

#include <boost/json/memory_resource.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/secret.hpp"

namespace weir::secrets {

inline constexpr std::size_t kStoreAnswerBytesMax = 256 * 1024;

// Gives memory of the heap and overwrites what comes back.
class WipingMemory final : public boost::json::memory_resource {
 private:
  void* do_allocate(std::size_t bytes, std::size_t align) override;
  void do_deallocate(void* at, std::size_t bytes, std::size_t align) override;
  bool do_is_equal(boost::json::memory_resource const& other) const noexcept override;
};

class StoreJson {
 public:
  explicit StoreJson(std::string_view text);
  bool ok() const noexcept { return root_.has_value(); }
  boost::json::value const* at(std::initializer_list<std::string_view> path) const;  // null: not there
  std::string_view text(std::initializer_list<std::string_view> path) const;         // "" unless it is text
  std::optional<double> number(std::initializer_list<std::string_view> path) const;
  bool truth(std::initializer_list<std::string_view> path) const;

 private:
  WipingMemory memory_;  // outlives the tree
  std::optional<boost::json::value> root_;
};

// Text as it is; numbers, true and false as JSON writes them; null, lists and objects: none.
std::optional<base::Secret> scalar_text(boost::json::value const& value);

// RFC 3339, as stores write it: "2018-03-22T02:24:06.945319214Z". None: not a time.
std::optional<base::WallTime> parse_time(std::string_view text);

// What a store says of a failure, fit for a log: printable, one line, at most 256 bytes.
std::string plain(std::string_view text);

}  // namespace weir::secrets
