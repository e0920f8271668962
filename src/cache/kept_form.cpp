#include "cache/kept_form.hpp"

#include <algorithm>
#include <charconv>

#include "base/assert.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"

namespace weir::cache {

using mcp::Field;
using mcp::MessageKind;
using mcp::Span;

namespace {

constexpr std::string_view kHead = R"({"jsonrpc":"2.0","id":0,"result":)";
constexpr auto kIdAt = static_cast<std::uint32_t>(kHead.find('0', kHead.find("id")));
constexpr auto kResultAt = static_cast<std::uint32_t>(kHead.size());
constexpr std::int64_t kNotFoundLegacy = -32002;
constexpr std::int64_t kInvalidParams = -32602;  // what 2026-07-28 answers for a resource that is not there

std::int64_t ms_of(base::Duration duration) noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

std::string_view word_of(core::CacheUse use) noexcept {
  return use == core::CacheUse::stale ? "stale" : "hit";
}

// {"status":"hit","tier":"memory","ageMs":12,"leftMs":88}
void append_note(std::string& out, core::CacheFacts const& facts) {
  out.append(R"({"status":")").append(word_of(facts.use)).append(R"(","tier":")").append(facts.tier);
  out.append(R"(","ageMs":)").append(std::to_string(ms_of(facts.age)));
  out.append(R"(,"leftMs":)").append(std::to_string(ms_of(facts.left)));
  out += '}';
}

// The bytes of a kept answer, sent from where they are kept.
struct KeptText final : mcp::SharedText {
  explicit KeptText(KeptAnswer const& of) : SharedText(of.bytes()), answer(of) {}
  KeptAnswer const answer;
};

// Where the object `_meta` is in a result's text; 0: nowhere.
std::uint32_t find_meta(std::string_view text) {
  constexpr mcp::JsonLimits kDecodedBefore{.depth_max = 64, .nodes_max = ~0U};
  mcp::JsonCursor cursor(text.substr(kResultAt), kDecodedBefore);
  mcp::JsonValue key, value;
  std::uint32_t at = 0;
  cursor.enter_object();
  while (cursor.next_member(key) && cursor.read_value(value)) {  // the last one counts
    std::string name(key.inner(cursor.text()));
    if (key.escaped) {
      name.clear();
      mcp::decode_string(key.span.of(cursor.text()), name);
    }
    if (name == "_meta") at = value.span.begin + kResultAt;
  }
  return at;
}

}  // namespace

Reuse reuse_of(core::Outcome const& outcome) noexcept {
  auto const& message = outcome.message;
  if (message.kind() != MessageKind::result) return Reuse::share;
  auto const type = message.raw(Field::result_type);
  if (!type.empty() && type != R"("complete")") return Reuse::never;
  if (message.has(Field::input_requests) || message.has(Field::request_state)) return Reuse::never;
  if (message.has(Field::task_id)) return Reuse::never;
  auto const failed = message.raw(Field::is_error);
  return failed.empty() || failed == "false" ? Reuse::keep : Reuse::share;
}

Hints hints_of(core::Outcome const& outcome) {
  std::string scratch;
  Hints hints;
  hints.modern = outcome.message.has(Field::result_type);
  hints.ttl_ms = outcome.message.integer(Field::ttl_ms);
  hints.for_everybody = outcome.message.text(Field::cache_scope, scratch) == "public";
  return hints;
}

bool says_not_found(core::Call const& call, core::Outcome const& outcome) noexcept {
  if (call.method != mcp::Method::resources_read || outcome.message.kind() != MessageKind::error)
    return false;
  auto const code = outcome.message.integer(Field::error_code);
  return code == kNotFoundLegacy || code == kInvalidParams;
}

KeptForm kept_form(core::Outcome const& outcome) {
  std::string edited;
  edited.reserve(outcome.edits.size());
  outcome.edits.append_to(edited);
  auto const whole = core::from_message(std::move(edited));
  auto const& message = whole.message;
  auto const result = message.span(Field::result);
  mcp::Splice edits(result.of(message.bytes()));
  std::vector<Span> gone;
  bool const meta = message.is(Field::meta, mcp::JsonKind::object);
  for (Field const field : {Field::ttl_ms, Field::cache_scope, Field::meta}) {
    auto const span = message.span(field);
    if (field == Field::meta && meta) continue;  // one that is no object says nothing
    if (!span.empty()) gone.push_back({span.begin - result.begin, span.end - result.begin});
  }
  if (!gone.empty()) edits.erase_members(std::move(gone));
  KeptForm form;
  form.bytes.reserve(kHead.size() + edits.size() + 1);
  form.bytes += kHead;
  edits.append_to(form.bytes);
  form.bytes += '}';
  if (meta) form.meta_at = find_meta(form.bytes);
  return form;
}

core::Outcome handed_out(core::Call& call, KeptAnswer const& answer, bool for_everybody, core::CacheUse use,
                         std::string_view tier, base::TimePoint now) {
  auto const kept = answer.facts();
  auto& facts = call.facts.cache;
  facts.use = use;
  facts.tier = tier;
  facts.age = now - kept.fetched;
  facts.left = kept.fresh_for - facts.age;
  if (kept.negative) return core::from_message(std::string(answer.bytes()));
  auto bytes = std::make_shared<KeptText const>(answer);
  auto const end = static_cast<std::uint32_t>(bytes->text.size() - 1);
  Span const result{kResultAt, end};
  Span const meta = kept.meta_at == 0 ? Span{} : Span{kept.meta_at, end};
  auto message = mcp::Message::of_result(std::move(bytes), {kIdAt, kIdAt + 1}, result, meta);
  mcp::Splice edits(message.bytes());
  if (call.modern() && mcp::traits_of(call.method).cacheable) {
    auto const left = std::max<std::int64_t>(ms_of(facts.left), 0);
    edits.insert_member(result, "cacheScope", for_everybody ? R"("public")" : R"("private")");
    edits.insert_member(result, "ttlMs", std::to_string(left));
  }
  if (use != core::CacheUse::hit && use != core::CacheUse::stale) {
    return core::Outcome{std::move(message), std::move(edits)};
  }
  std::string note;
  note.reserve(128);
  if (!meta.empty()) {
    append_note(note, facts);
    edits.insert_member(meta, kMetaKey, note);
  } else {
    append_note(note.append("{\"").append(kMetaKey).append("\":"), facts);
    edits.insert_member(result, "_meta", note += '}');
  }
  return core::Outcome{std::move(message), std::move(edits)};
}

}  // namespace weir::cache
