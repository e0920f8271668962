// JsonObject: a small JSON object of somebody else's, read strictly: token headers, claims, key sets,
// metadata.
//
// Owns its document; move only. Refused are duplicate names (two readers would see two objects), anything
// deeper than kDepthMax, text that is not UTF-8 and bytes behind the object. Readers return nothing where
// the member is absent or of another type; has() tells these apart.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::jose {

class JsonObject {
 public:
  static constexpr std::size_t kDepthMax = 16;

  static std::optional<JsonObject> parse(std::string_view text);
  JsonObject(JsonObject&&) noexcept;
  JsonObject& operator=(JsonObject&&) noexcept;
  ~JsonObject();

  bool has(std::string_view name) const;
  std::optional<std::string> text(std::string_view name) const;
  std::optional<bool> flag(std::string_view name) const;
  // A NumericDate or a number of seconds (RFC 7519 section 2): whole seconds, fractions cut off. Nothing for
  // negative ones and what is beyond the year 9999.
  std::optional<std::int64_t> seconds(std::string_view name) const;
  // A string, or an array of nothing but strings.
  std::optional<std::vector<std::string>> texts(std::string_view name) const;
  // The JSON text of each object in an array; nothing if it is no array of objects.
  std::optional<std::vector<std::string>> objects(std::string_view name) const;

  // As texts(), by a configured name: the whole name first, else a path of names joined by dots.
  std::optional<std::vector<std::string>> texts_at(std::string_view path) const;

 private:
  struct Document;
  explicit JsonObject(std::unique_ptr<Document> document) noexcept;
  std::unique_ptr<Document> document_;
};

}  // namespace weir::jose
