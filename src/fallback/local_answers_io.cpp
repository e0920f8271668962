#include "fallback/local_answers.hpp"

#include "fallback/substitute_answer.hpp"

namespace weir::fallback {

using Answer = LocalAnswers::Answer;

namespace {

std::optional<Answer> answer_of(std::optional<core::Outcome> outcome, base::Duration age) {
  if (!outcome) return std::nullopt;
  return Answer{std::move(*outcome), age};
}

}  // namespace

// A default document that is not there, or that this call cannot be answered with, still leaves a text that
// says so.
base::Task<std::optional<Answer>> ServerAnswers::find(Step const& step, core::Call const& call,
                                                      base::Error const& failure, base::TimePoint until) {
  DegradedNote note;
  note.reason = base::name_of(failure.fault);
  note.server = server_;
  bool const structured = call.structured_output;
  if (step.strategy == Strategy::message) {
    co_return answer_of(substitute_message(call, step.message, note, structured), {});
  }
  bool const backup = step.strategy == Strategy::use_local_backup;
  auto const source = backup ? backup_ : standard_;
  if (source != nullptr) {
    auto const file = co_await source->find(here_, call, until);
    auto const now = here_.clock().wall();
    if (file) {
      auto const from = backup ? kFromBackup : kFromDefault;
      auto const age = std::max<base::Duration>(now - file->modified, base::Duration::zero());
      auto made = answer_of(substitute_file(call, *file, from, note, now, structured), age);
      if (made) co_return made;
    }
  }
  if (backup) co_return std::nullopt;
  co_return answer_of(substitute_explanation(call, note, structured), {});
}

}  // namespace weir::fallback
