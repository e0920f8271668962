#include "jose/json_object.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cmath>

namespace weir::jose {

namespace dom = simdjson::dom;

namespace {

constexpr std::int64_t kSecondsMax = 253'402'300'799;  // 9999-12-31T23:59:59Z

bool names_differ(dom::object object) {
  std::vector<std::string_view> names;
  for (auto const field : object) names.push_back(field.key);
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) == names.end();
}

std::optional<std::string> text_of(dom::element element) {
  std::string_view text;
  if (element.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

std::optional<std::vector<std::string>> texts_of(dom::element element) {
  if (auto one = text_of(element)) return std::vector{*std::move(one)};
  dom::array array;
  if (element.get_array().get(array) != simdjson::SUCCESS) return std::nullopt;
  std::vector<std::string> texts;
  for (auto const item : array) {
    auto text = text_of(item);
    if (!text) return std::nullopt;
    texts.push_back(*std::move(text));
  }
  return texts;
}

std::optional<dom::element> member(dom::object object, std::string_view name) {
  dom::element found;
  if (object.at_key(name).get(found) != simdjson::SUCCESS) return std::nullopt;
  return found;
}

}  // namespace

struct JsonObject::Document {
  dom::parser parser;
  dom::object root;
};

JsonObject::JsonObject(std::unique_ptr<Document> document) noexcept : document_(std::move(document)) {}
JsonObject::JsonObject(JsonObject&&) noexcept = default;
JsonObject& JsonObject::operator=(JsonObject&&) noexcept = default;
JsonObject::~JsonObject() = default;

std::optional<JsonObject> JsonObject::parse(std::string_view text) {
  auto made = std::make_unique<Document>();
  if (made->parser.allocate(std::max<std::size_t>(text.size(), 64), kDepthMax) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  auto const parsed = made->parser.parse(text.data(), text.size(), true);
  if (parsed.get_object().get(made->root) != simdjson::SUCCESS) return std::nullopt;
  if (!names_differ(made->root)) return std::nullopt;
  return JsonObject(std::move(made));
}

bool JsonObject::has(std::string_view name) const { return member(document_->root, name).has_value(); }

std::optional<std::string> JsonObject::text(std::string_view name) const {
  auto const found = member(document_->root, name);
  return found ? text_of(*found) : std::nullopt;
}

std::optional<bool> JsonObject::flag(std::string_view name) const {
  bool value = false;
  auto const found = member(document_->root, name);
  if (!found || found->get_bool().get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<std::int64_t> JsonObject::seconds(std::string_view name) const {
  auto const found = member(document_->root, name);
  double value = 0;
  if (!found || found->get_double().get(value) != simdjson::SUCCESS) return std::nullopt;
  if (!(value >= 0) || value > static_cast<double>(kSecondsMax)) return std::nullopt;
  return static_cast<std::int64_t>(std::floor(value));
}

std::optional<std::vector<std::string>> JsonObject::texts(std::string_view name) const {
  auto const found = member(document_->root, name);
  return found ? texts_of(*found) : std::nullopt;
}

std::optional<std::vector<std::string>> JsonObject::objects(std::string_view name) const {
  auto const found = member(document_->root, name);
  dom::array array;
  if (!found || found->get_array().get(array) != simdjson::SUCCESS) return std::nullopt;
  std::vector<std::string> texts;
  for (auto const item : array) {
    if (!item.is_object()) return std::nullopt;
    texts.push_back(simdjson::minify(item));
  }
  return texts;
}

std::optional<std::vector<std::string>> JsonObject::texts_at(std::string_view path) const {
  if (auto const whole = member(document_->root, path)) return texts_of(*whole);
  auto object = document_->root;
  for (;;) {
    auto const dot = path.find('.');
    auto const found = member(object, path.substr(0, dot));
    if (!found) return std::nullopt;
    if (dot == std::string_view::npos) return texts_of(*found);
    if (found->get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
    path.remove_prefix(dot + 1);
  }
}

}  // namespace weir::jose
