#include "router/output_schema.hpp"

#include <limits>

#include "mcp/json_cursor.hpp"

namespace weir::router {
namespace {

using mcp::JsonKind;

constexpr mcp::JsonLimits kDecodedBefore{.depth_max = 64,
                                         .nodes_max = std::numeric_limits<std::uint32_t>::max()};

bool is_literal(std::string_view key) noexcept {
  return key == "const" || key == "enum" || key == "default" || key == "examples";
}

// Copies a schema and points its references at its new place.
class Mover {
 public:
  explicit Mover(std::string_view schema) : schema_(schema), cursor_(schema, kDecodedBefore) {}

  std::string run() {
    value();
    out_.append(schema_.substr(copied_));
    return std::move(out_);
  }

 private:
  void value() {
    JsonKind kind{};
    if (!cursor_.peek(kind)) return;
    if (kind == JsonKind::object) {
      object();
    } else if (kind == JsonKind::array) {
      cursor_.enter_array();
      while (cursor_.next_element()) value();
    } else {
      cursor_.skip_value();
    }
  }

  void object() {
    if (has_own_id()) {
      cursor_.skip_value();
      return;
    }
    mcp::JsonValue key, reference;
    cursor_.enter_object();
    while (cursor_.next_member(key)) {
      auto const name = key.inner(schema_);
      JsonKind kind{};
      if (name == "$ref" && cursor_.peek(kind) && kind == JsonKind::string) {
        cursor_.read_value(reference);
        move(reference);
      } else if (is_literal(name)) {
        cursor_.skip_value();
      } else {
        value();
      }
    }
  }

  bool has_own_id() const {
    mcp::JsonCursor ahead(schema_.substr(cursor_.position()), kDecodedBefore);
    mcp::JsonValue key;
    ahead.enter_object();
    while (ahead.next_member(key)) {
      JsonKind kind{};
      if (key.inner(ahead.text()) == "$id" && ahead.peek(kind) && kind == JsonKind::string) return true;
      if (!ahead.skip_value()) return false;
    }
    return false;
  }

  void move(mcp::JsonValue const& reference) {
    auto const target = reference.inner(schema_);
    if (target != "#" && !target.starts_with("#/")) return;
    std::uint32_t const after_hash = reference.span.begin + 2;
    out_.append(schema_.substr(copied_, after_hash - copied_)).append("/properties/result");
    copied_ = after_hash;
  }

  std::string_view schema_;
  mcp::JsonCursor cursor_;
  std::string out_;
  std::size_t copied_ = 0;
};

}  // namespace

std::string wrapped_schema(std::string_view schema) {
  return R"({"type":"object","properties":{"result":)" + Mover(schema).run() + R"(},"required":["result"]})";
}

}  // namespace weir::router
