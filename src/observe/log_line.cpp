#include "observe/log_line.hpp"

#include "base/assert.hpp"
#include "base/hash.hpp"

namespace weir::observe {
namespace {

constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 4> kLevelsAligned{"DEBUG", "INFO ", "WARN ", "ERROR"};
constexpr std::array<std::string_view, 4> kColours{"\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[31m"};
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kPlainAgain = "\x1b[0m";
// As they stand in a JSON line: the name is what is between the quotes.
constexpr std::array<LineBuffer::Short, kKeyCount> kKeys{
    ",\"request_id\":",  ",\"trace_id\":",  ",\"span_id\":",   ",\"session\":",    ",\"client\":",
    ",\"era\":",         ",\"principal\":", ",\"server\":",    ",\"tool\":",       ",\"method\":",
    ",\"outcome\":",     ",\"cache\":",     ",\"degraded\":",  ",\"attempt\":",    ",\"duration_ms\":",
    ",\"upstream_ms\":", ",\"bytes_in\":",  ",\"bytes_out\":", ",\"error_type\":", ",\"error_code\":",
    ",\"config_rev\":",  ",\"shown\":"};
constexpr std::size_t kEventBytesMax = 64;
constexpr std::size_t kEventColumns = 18;

// Keys with their punctuation and colours, the head of the line and every text at its longest.
static_assert(kMsgBytesMax + kKeyCount * (kTextBytesMax + 32) + kEventBytesMax + 160 <= kLineBytesMax);

// Texts that Weir itself chooses from closed sets or has already hashed.
bool is_chosen_here(Key key) noexcept {
  return key == Key::era || key == Key::outcome || key == Key::cache || key == Key::degraded ||
         key == Key::session || key == Key::trace_id || key == Key::span_id;
}

class LineWriter {
 public:
  LineWriter(LineBuffer& out, LogFormat format, Mask const& mask) : out_(out), format_(format), mask_(mask) {}

  void head(base::WallTime at, Level level, std::string_view event) {
    auto const l = static_cast<std::size_t>(level);
    if (json()) {
      out_.put(R"({"ts":")");
      out_.put_date(at);
      out_.put_time(at);
      out_.put(R"(Z","level":")");
      out_.put(kLevels[l]);
      out_.put(R"(","event":")");
      out_.put_escaped(event, kEventBytesMax, true);
      out_.put("\"");
      return;
    }
    dim([&] { out_.put_time(at); });
    out_.put(" ");
    if (coloured()) out_.put(kColours[l]);
    out_.put(kLevelsAligned[l]);
    if (coloured()) out_.put(kPlainAgain);
    out_.put(" ");
    std::size_t const start = out_.size();
    out_.put_escaped(event, kEventBytesMax, false);
    out_.pad_to(start + kEventColumns);
  }
  void msg(std::string_view msg) {
    if (json()) out_.put(R"(,"msg":")");
    out_.put_escaped(masked(msg), kMsgBytesMax, json());
    if (json()) out_.put("\"");
  }
  void bare(std::string_view text) { out_.put_escaped(masked(text), kTextBytesMax, false); }
  void text(Key key, std::string_view value) {
    if (value.empty()) return;
    std::string_view const shown = is_chosen_here(key) ? value : masked(value);
    bool const quotes = json() || shown.find_first_of(" \"=") != std::string_view::npos;
    name(key);
    if (quotes) out_.put('"');
    out_.put_escaped(shown, kTextBytesMax, quotes);
    if (quotes) out_.put('"');
  }
  void number(Key key, std::int64_t value) {
    name(key);
    out_.put_number(value);
  }
  void duration(Key key, std::int64_t micros) {
    name(key);
    out_.put_micros_as_ms(micros);
  }
  void end() { out_.put(json() ? "}\n" : "\n"); }
  bool json() const { return format_ == LogFormat::json; }

 private:
  bool coloured() const { return format_ == LogFormat::colour; }
  std::string_view masked(std::string_view value) {
    if (!mask_) return value;
    scratch_.assign(value);
    mask_(scratch_);
    return scratch_;
  }
  template <class Put>
  void dim(Put put) {
    if (coloured()) out_.put(kDim);
    put();
    if (coloured()) out_.put(kPlainAgain);
  }
  void name(Key key) {
    if (json()) {
      out_.put_short(kKeys[static_cast<std::size_t>(key)]);
      return;
    }
    out_.put(" ");
    dim([&] {
      out_.put(name_of(key));
      out_.put("=");
    });
  }

  LineBuffer& out_;
  LogFormat const format_;
  Mask const& mask_;
  std::string scratch_;
};

std::int64_t micros_of(base::Duration duration) noexcept {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

// What a person reads first: what was asked of whom, and how it went.
void put_summary(LineWriter& writer, LineBuffer& out, AccessLine const& line) {
  writer.bare(line.method);
  if (!line.server.empty()) {
    out.put(" ");
    writer.bare(line.server);
  }
  if (!line.tool.empty()) {
    out.put(line.server.empty() ? " " : ".");
    writer.bare(line.tool);
  }
  out.put(" ");
  writer.bare(line.outcome);
  out.put(" ");
  out.put_micros_as_ms(micros_of(line.duration));
  out.put(" ms");
}

}  // namespace

std::string_view name_of(Level level) noexcept { return kLevels[static_cast<std::size_t>(level)]; }
std::string_view name_of(Key key) noexcept {
  auto const shown = kKeys[static_cast<std::size_t>(key)].text();
  return shown.substr(2, shown.size() - 4);
}

std::array<char, 8> session_tag(std::string_view session_id) noexcept {
  std::uint64_t hash = base::hash64(session_id, 0);
  std::array<char, 8> tag{};
  for (char& c : tag) {
    c = "0123456789abcdef"[hash & 15U];
    hash >>= 4;
  }
  return tag;
}

void render_event(LineBuffer& out, LogFormat format, Mask const& mask, base::WallTime at, Level level,
                  std::string_view event, std::string_view msg, std::span<Field const> fields) {
  WEIR_ASSERT(fields.size() <= kKeyCount);
  LineWriter writer(out, format, mask);
  writer.head(at, level, event);
  writer.msg(msg);
  for (Field const& field : fields) {
    switch (field.kind) {
      case Field::Kind::text: writer.text(field.key, field.text); break;
      case Field::Kind::number: writer.number(field.key, field.number); break;
      case Field::Kind::duration: writer.duration(field.key, field.number); break;
    }
  }
  writer.end();
}

void render_access(LineBuffer& out, LogFormat format, Mask const& mask, AccessLine const& line) {
  LineWriter writer(out, format, mask);
  writer.head(line.at, Level::info, "call");
  if (!writer.json()) put_summary(writer, out, line);
  writer.text(Key::request_id, line.request_id);
  writer.text(Key::session, line.session);
  writer.text(Key::client, line.client);
  writer.text(Key::era, line.era);
  writer.text(Key::principal, line.principal);
  if (writer.json()) {
    writer.text(Key::server, line.server);
    writer.text(Key::tool, line.tool);
    writer.text(Key::method, line.method);
    writer.text(Key::outcome, line.outcome);
    writer.duration(Key::duration_ms, micros_of(line.duration));
  }
  writer.text(Key::cache, line.cache);
  writer.text(Key::degraded, line.degraded);
  writer.duration(Key::upstream_ms, micros_of(line.upstream));
  writer.number(Key::bytes_in, static_cast<std::int64_t>(line.bytes_in));
  writer.number(Key::bytes_out, static_cast<std::int64_t>(line.bytes_out));
  writer.text(Key::error_type, line.error_type);
  if (line.error_code != 0) writer.number(Key::error_code, line.error_code);
  writer.text(Key::trace_id, line.trace_id);
  writer.end();
}

}  // namespace weir::observe
