// Substitute answers: what is said in place of a server that could not be asked, and how it is marked.
//
// Pure functions, any thread. Every answer made here says in `_meta`, under kDegradedKey, where it comes
// from, why, how old it is and what had been asked (F-55). What the caller wrote stands there only, as JSON
// data in ASCII, at most kAskedMax bytes, and never in a text that a model reads (F-48); `uri` of a resource
// is the one exception: the client looks for it. Texts are fixed, an operator's or a file's.
//
// There is an answer for tools/call, resources/read and prompts/get; nothing stands in for a tool that says
// that it writes. Bytes that are no text answer resources only. A tool with an output schema (`structured`)
// promised an object: only a file that is a JSON object can be that.
#pragma once

#include <optional>
#include <string_view>

#include "core/outcome.hpp"
#include "fallback/backup_file.hpp"

namespace weir::fallback {

inline constexpr std::string_view kDegradedKey = "dev.weir/degraded";
inline constexpr std::size_t kAskedMax = 1024;  // bytes of a name, a URI, or the arguments as they are quoted

struct DegradedNote {
  std::string_view reason;            // base::name_of the failure
  std::string_view server;            // configured name of the one that failed
  std::optional<base::Duration> age;  // of what is handed out, where known; below zero counts as zero
  std::string_view answered_by;       // another server's configured name; else empty
  std::string_view file;              // name of the file; set by the functions that have one
};

// Words of `source` in `_meta`. What is no file, copy or answer of a server is a default, whoever wrote it.
inline constexpr std::string_view kFromBackup = "backup";
inline constexpr std::string_view kFromDefault = "default";
inline constexpr std::string_view kFromStale = "stale";
inline constexpr std::string_view kFromServer = "server";

// `source` is kFromBackup or kFromDefault; the age is that of the file at `now`, whatever `note` says.
std::optional<core::Outcome> substitute_file(core::Call const& call, BackupFile const& file,
                                             std::string_view source, DegradedNote note, base::WallTime now,
                                             bool structured);
std::optional<core::Outcome> substitute_message(core::Call const& call, std::string_view text,
                                                DegradedNote const& note, bool structured);
std::optional<core::Outcome> substitute_explanation(core::Call const& call, DegradedNote const& note,
                                                    bool structured);

// Marks a result that a cache copy or another server gave; takes the place of a mark that is there already.
// Errors stay as they are: false.
bool mark_degraded(core::Outcome& outcome, core::Call const& call, std::string_view source,
                   DegradedNote const& note);

}  // namespace weir::fallback
