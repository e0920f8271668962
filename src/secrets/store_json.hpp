// Reads the JSON of secret stores. The memory in which a tree is built is wiped when it goes.
//
// For answers of at most kStoreAnswerBytesMax and files of keys; not for the relay path. Depth at most 16.
// Numbers keep their text: it may be a credential, and one of 20 digits or with a fraction has no other form.
#pragma once

#include <boost/json/memory_resource.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  // Null: not there. What is no text, list, object, true, false or null is for number() and scalar().
  boost::json::value const* at(std::initializer_list<std::string_view> path) const;
  std::string_view text(std::initializer_list<std::string_view> path) const;  // "" unless it is text
  std::optional<double> number(std::initializer_list<std::string_view> path) const;
  bool truth(std::initializer_list<std::string_view> path) const;
  // Of a value of this tree: text as it is; numbers, true and false as they stand in the JSON; null, lists
  // and objects: none.
  std::optional<base::Secret> scalar(boost::json::value const& value) const;

 private:
  base::Secret const* digits_of(boost::json::value const& value) const;  // null: it is no number

  std::vector<base::Secret> numbers_;  // a number in the tree is a place in here
  WipingMemory memory_;                // outlives the tree
  std::optional<boost::json::value> root_;
};

// RFC 3339, as stores write it: "2018-03-22T02:24:06.945319214Z". None: not a time.
std::optional<base::WallTime> parse_time(std::string_view text);

// What a store says of a failure, fit for a log: printable, one line, at most 256 bytes.
std::string plain(std::string_view text);

}  // namespace weir::secrets
