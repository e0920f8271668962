#include "secrets/store_json.hpp"

#include <string.h>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <new>

namespace weir::secrets {
namespace {

constexpr std::size_t kDepthMax = 16;
constexpr std::size_t kPlainBytesMax = 256;

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return {};
  int value = 0;
  auto const* const end = text.data() + at + count;
  auto const [stop, error] = std::from_chars(text.data() + at, end, value);
  if (error != std::errc() || stop != end || value < 0) return {};
  return value;
}

}  // namespace

// Keys are asked for with one alignment and given back with another: what new gives fits both.
void* WipingMemory::do_allocate(std::size_t bytes, std::size_t) { return ::operator new(bytes); }

void WipingMemory::do_deallocate(void* at, std::size_t bytes, std::size_t) {
  explicit_bzero(at, bytes);
  ::operator delete(at);
}

bool WipingMemory::do_is_equal(boost::json::memory_resource const& other) const noexcept {
  return this == &other;
}

StoreJson::StoreJson(std::string_view text) {
  if (text.size() > kStoreAnswerBytesMax) return;
  boost::json::parse_options options;
  options.max_depth = kDepthMax;
  boost::json::parser parser(&memory_, options);
  parser.reset(&memory_);
  boost::system::error_code error;
  parser.write(text, error);
  if (!error) root_.emplace(parser.release());
}

boost::json::value const* StoreJson::at(std::initializer_list<std::string_view> path) const {
  auto const* value = root_ ? &*root_ : nullptr;
  for (auto const name : path) {
    auto const* const object = value == nullptr ? nullptr : value->if_object();
    value = object == nullptr ? nullptr : object->if_contains(name);
  }
  return value;
}

std::string_view StoreJson::text(std::initializer_list<std::string_view> path) const {
  auto const* const value = at(path);
  auto const* const text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

std::optional<double> StoreJson::number(std::initializer_list<std::string_view> path) const {
  auto const* const value = at(path);
  if (value == nullptr || !value->is_number()) return {};
  return value->to_number<double>();
}

bool StoreJson::truth(std::initializer_list<std::string_view> path) const {
  auto const* const value = at(path);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::optional<base::Secret> scalar_text(boost::json::value const& value) {
  if (auto const* const text = value.if_string())
    return base::Secret(std::string_view(text->data(), text->size()));
  if (value.is_null() || value.is_object() || value.is_array()) return {};
  return base::Secret(boost::json::serialize(value));
}

std::optional<base::WallTime> parse_time(std::string_view text) {
  using namespace std::chrono;
  auto const y = digits(text, 0, 4), mo = digits(text, 5, 2), d = digits(text, 8, 2);
  auto const h = digits(text, 11, 2), mi = digits(text, 14, 2), s = digits(text, 17, 2);
  bool const shaped = y && mo && d && h && mi && s && text[4] == '-' && text[7] == '-' &&
                      (text[10] == 'T' || text[10] == 't') && text[13] == ':' && text[16] == ':';
  if (!shaped || *h > 23 || *mi > 59 || *s > 60) return {};
  year_month_day const date(year(*y), month(static_cast<unsigned>(*mo)), day(static_cast<unsigned>(*d)));
  if (!date.ok()) return {};
  auto rest = text.substr(19);
  if (rest.starts_with('.'))
    rest.remove_prefix(std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
  minutes offset{0};
  if (rest != "Z" && rest != "z") {
    auto const oh = digits(rest, 1, 2), om = digits(rest, 4, 2);
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':' || !oh || !om) return {};
    offset = (hours(*oh) + minutes(*om)) * (rest[0] == '-' ? -1 : 1);
  }
  return base::WallTime(sys_days(date) + hours(*h) + minutes(*mi) + seconds(*s) - offset);
}

std::string plain(std::string_view text) {
  std::string out;
  for (char const c : text.substr(0, kPlainBytesMax)) out += c >= 0x20 && c < 0x7F ? c : ' ';
  return out;
}

}  // namespace weir::secrets
