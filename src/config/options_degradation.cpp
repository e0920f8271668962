// The rows for servers that are slow or down: how long, how often, and what answers instead.
#include "config/option_rows.hpp"

namespace weir::config {
namespace {

using enum Type;
constexpr std::string_view kFallbacks = "use_cache|use_stale_cache|use_local_backup|use_default|skip";

constexpr Option kDegradation[] = {
    {"degradation", table, "", "", "", "What happens when a server is slow or down, by server."},
    {"degradation.*", section, "", "", "", "One server; `defaults` is for servers that say nothing."},
    {"degradation.*.aliases", list, "", "", "", "Other names of this server in older files."},
    {"degradation.*.aliases[]", text, "", "", "", "One name."},
    {"degradation.*.timeout_ms", integer, "5000", "1..3600000", "",
     "Time for a whole call; progress extends it."},
    {"degradation.*.max_timeout_ms", integer, "600000", "1..86400000", "", "… up to this."},
    {"degradation.*.start_timeout_ms", integer, "30000", "1..3600000", "",
     "How long a first call waits for a starting process."},
    {"degradation.*.parked_max_ms", integer, "600000", "1..86400000", "",
     "Waiting for the client's own answer stops the clock, at most this long."},
    {"degradation.*.breaker", section, "", "", "", "When to stop calling a failing server."},
    {"degradation.*.breaker.enabled", boolean, "true", "", "", "Do it."},
    {"degradation.*.breaker.failure_threshold", integer, "5", "1..1000000", "", "Failures in a row."},
    {"degradation.*.breaker.recovery_timeout_s", integer, "60", "1..86400", "",
     "Time until it is tried again."},
    {"degradation.*.breaker.success_threshold", integer, "2", "1..1000", "", "Good tries that end it."},
    {"degradation.*.breaker.probes", integer, "1", "1..100", "", "Tries at the same time."},
    {"degradation.*.breaker.window_s", integer, "10", "1..3600", "", "Window of the rates below."},
    {"degradation.*.breaker.min_calls", integer, "20", "1..1000000", "", "Fewer calls decide nothing."},
    {"degradation.*.breaker.failure_rate", percent, "50%", "1%..100%", "", "Failed calls."},
    {"degradation.*.breaker.slow_ms", integer, "5000", "1..3600000", "", "What counts as slow."},
    {"degradation.*.breaker.slow_rate", percent, "80%", "1%..100%", "", "Slow calls."},
    {"degradation.*.retry", section, "", "", "", "When a call is sent again."},
    {"degradation.*.retry.attempts", integer, "2", "0..10", "",
     "Times that a call is sent again at most: one that was not executed, or may be repeated."},
    {"degradation.*.retry.attempt_timeout_ms", integer, "auto", "1..3600000", "auto",
     "Time after which a call that may be repeated counts as lost and is sent again; `auto` goes by how long "
     "calls usually take."},
    {"degradation.*.retry.idempotent", list, "", "", "",
     "Tools that may be repeated, besides those that may be cached."},
    {"degradation.*.retry.idempotent[]", glob, "", "", "", "The server's own name, with `*`."},
    {"degradation.*.retry.trust_hints", boolean, "false", "", "",
     "Believe tools that call themselves read-only or idempotent."},
    {"degradation.*.retry.budget", percent, "20%", "0%..100%", "",
     "Repetitions as a share of all calls to the server."},
    {"degradation.*.hedge", section, "", "", "", "A second attempt beside a slow first one."},
    {"degradation.*.hedge.enabled", boolean, "false", "", "", "Do it."},
    {"degradation.*.hedge.after", duration, "p95", "1ms..1m", "p50|p90|p95|p99", "After this time."},
    {"degradation.*.hedge.max", percent, "2%", "0%..100%", "", "Second attempts as a share of calls."},
    {"degradation.*.concurrency", section, "", "", "", "Calls to the server at the same time."},
    {"degradation.*.concurrency.limit", integer, "adaptive", "1..100000", "adaptive", "How many."},
    {"degradation.*.concurrency.queue", integer, "256", "0..100000", "", "Calls that may wait."},
    {"degradation.*.concurrency.queue_timeout_ms", integer, "2000", "1..600000", "", "How long they may."},
    {"degradation.*.on_timeout", word, "", "", kFallbacks,
     "What answers instead of a call that took too long."},
    {"degradation.*.on_error", word, "", "", kFallbacks, "What answers instead of a call that failed."},
    {"degradation.*.on_open", word, "", "", kFallbacks,
     "What answers while the breaker is open; default: as `on_error`."},
    {"degradation.*.on_rate_limited", word, "", "", kFallbacks,
     "What answers when the server has too much to do (429, 503); default: as `on_error`."},
    {"degradation.*.local_backup_path", path, "", "", "", "Folder of `use_local_backup`."},
    {"degradation.*.fallback_standards_path", path, "", "", "", "File of `use_default`."},
    {"degradation.*.cache_stale_ok", boolean, "false", "", "", "Stale answers are better than none."},
    {"degradation.*.cache_stale_max_age_hours", integer, "", "1..8760", "", "… up to this age."},
    {"degradation.*.fallback", list, "", "", "", "The whole chain, in order; replaces the hooks `on_…`."},
    {"degradation.*.fallback[]", word, "", "", kFallbacks, "One step."},
    {"degradation.*.fallback[]", section, "", "", "", "One step with an argument."},
    {"degradation.*.fallback[].server", text, "", "", "", "Ask this server instead."},
    {"degradation.*.fallback[].tool", text, "", "", "", "… under this name; default: the same."},
    {"degradation.*.fallback[].message", text, "", "", "", "Answer with this text."},
    {"degradation.*.tools", table, "", "", "",
     "Exceptions, by the server's own tool name, with `*`; the first match counts."},
    {"degradation.*.tools.*", section, "", "", "", "One tool."},
    {"degradation.*.tools.*.timeout_ms", integer, "", "1..3600000", "", "As for the server."},
    {"degradation.*.tools.*.fallback", list, "", "", "", "As for the server."},
    {"degradation.*.tools.*.fallback[]", word, "", "", kFallbacks, "One step."},
    {"degradation.*.tools.*.fallback[]", section, "", "", "", "One step with an argument."},
    {"degradation.*.tools.*.fallback[].server", text, "", "", "", "Ask this server instead."},
    {"degradation.*.tools.*.fallback[].tool", text, "", "", "", "… under this name; default: the same."},
    {"degradation.*.tools.*.fallback[].message", text, "", "", "", "Answer with this text."},
};

}  // namespace

std::span<Option const> degradation_options() noexcept { return kDegradation; }

}  // namespace weir::config
