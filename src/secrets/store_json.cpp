#include "secrets/store_json.hpp"

#include <string.h>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
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

// What the parser finds, made into a tree. The text is there whole: of a number there are no parts.
struct TreeBuilder {
  using Text = boost::json::string_view;
  using Code = boost::json::error_code;
  static constexpr std::size_t max_object_size = boost::json::object::max_size();
  static constexpr std::size_t max_array_size = boost::json::array::max_size();
  static constexpr std::size_t max_key_size = boost::json::string::max_size();
  static constexpr std::size_t max_string_size = boost::json::string::max_size();

  boost::json::value_stack stack;
  std::vector<base::Secret>& numbers;

  TreeBuilder(boost::json::memory_resource* memory, std::vector<base::Secret>& found)
      : stack(memory), numbers(found) {
    stack.reset(memory);
  }
  bool number(Text text) {
    numbers.emplace_back(std::string_view(text.data(), text.size()));
    stack.push_uint64(numbers.size() - 1);
    return true;
  }
  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return true; }
  bool on_object_end(std::size_t n, Code&) { return stack.push_object(n), true; }
  bool on_array_begin(Code&) { return true; }
  bool on_array_end(std::size_t n, Code&) { return stack.push_array(n), true; }
  bool on_key_part(Text text, std::size_t, Code&) { return stack.push_chars(text), true; }
  bool on_key(Text text, std::size_t, Code&) { return stack.push_key(text), true; }
  bool on_string_part(Text text, std::size_t, Code&) { return stack.push_chars(text), true; }
  bool on_string(Text text, std::size_t, Code&) { return stack.push_string(text), true; }
  bool on_number_part(Text, Code&) { return true; }
  bool on_int64(std::int64_t, Text text, Code&) { return number(text); }
  bool on_uint64(std::uint64_t, Text text, Code&) { return number(text); }
  bool on_double(double, Text text, Code&) { return number(text); }
  bool on_bool(bool value, Code&) { return stack.push_bool(value), true; }
  bool on_null(Code&) { return stack.push_null(), true; }
  bool on_comment_part(Text, Code&) { return true; }
  bool on_comment(Text, Code&) { return true; }
};

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
  boost::json::basic_parser<TreeBuilder> parser(options, &memory_, numbers_);
  boost::json::error_code error;
  auto const used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && used == text.size()) root_.emplace(parser.handler().stack.release());
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
  auto const* const digits = value == nullptr ? nullptr : digits_of(*value);
  if (digits == nullptr) return {};
  auto const text = digits->reveal();
  double out = 0;
  auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc()) return {};
  return out;
}

bool StoreJson::truth(std::initializer_list<std::string_view> path) const {
  auto const* const value = at(path);
  return value != nullptr && value->is_bool() && value->get_bool();
}

base::Secret const* StoreJson::digits_of(boost::json::value const& value) const {
  auto const* const place = value.if_uint64();
  return place != nullptr && *place < numbers_.size() ? &numbers_[*place] : nullptr;
}

std::optional<base::Secret> StoreJson::scalar(boost::json::value const& value) const {
  if (auto const* const text = value.if_string())
    return base::Secret(std::string_view(text->data(), text->size()));
  if (auto const* const digits = digits_of(value)) return *digits;
  if (auto const* const truth = value.if_bool()) return base::Secret(*truth ? "true" : "false");
  return {};
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
