#include "secrets/secret_table.hpp"

#include <algorithm>

#include "secrets/secret_mask.hpp"
#include "secrets/store_json.hpp"

namespace weir::secrets {
namespace {

using base::Duration;
using base::TimePoint;

// Earlier by up to a fifth, never later: what is asked for every minute must be seen within one.
Duration spread(Duration wait, base::Random& random) {
  auto const share = static_cast<std::uint64_t>(wait.count() / 5);
  return wait - Duration(static_cast<Duration::rep>(random.below(share + 1)));
}

base::Secret const* value_of(StoreAnswer const& answer, std::string_view key) {
  for (auto const& [name, value] : answer.values) {
    if (name == key) return &value;
  }
  return nullptr;
}

// Editors and `echo` end a text with one, and it is no part of any credential.
std::string_view without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::string lack_of(std::string_view key) {
  return key.empty() ? "it is empty" : "it has no text under `" + std::string(key) + "`";
}

void drop(SecretTable::Users& users, std::string_view user) {
  if (auto const at = users.find(user); at != users.end()) users.erase(at);
}

}  // namespace

std::optional<Duration> SecretView::age(base::WallTime now) const {
  if (!created) return {};
  return std::max(Duration{}, Duration(now - *created));
}

bool SecretView::overdue(base::WallTime now) const {
  auto const old = age(now);
  return age_max > Duration{} && old && *old >= age_max;
}

bool SecretTable::want(SecretReference const& reference, Duration age_max, TimePoint now, bool told) {
  auto const name = reference.document_name();
  auto found = documents_.find(name);
  if (found != documents_.end()) {
    for (auto& entry : found->second.entries) {
      if (entry.key != reference.key) continue;
      entry.age_max = age_max;
      entry.told = told;
      return true;
    }
  }
  if (entries_ >= options_.entries_max) return false;
  if (found == documents_.end()) {
    found = documents_.try_emplace(name).first;
    found->second.any = reference;
  }
  auto& document = found->second;
  Entry entry;
  entry.key = reference.key;
  entry.age_max = age_max;
  entry.told = told;
  document.entries.push_back(std::move(entry));
  ++entries_;
  document.due = now;
  document.hurried = document.asking;
  return true;
}

void SecretTable::keep_only(std::span<SecretReference const> wanted) {
  for (auto at = documents_.begin(); at != documents_.end();) {
    auto& document = at->second;
    entries_ -= std::erase_if(document.entries, [&](Entry const& entry) {
      return std::none_of(wanted.begin(), wanted.end(), [&](SecretReference const& reference) {
        return reference.store == document.any.store && reference.document == document.any.document &&
               reference.key == entry.key;
      });
    });
    at = document.entries.empty() ? documents_.erase(at) : std::next(at);
  }
}

void SecretTable::set_users(SecretReference const& reference, Users users) {
  auto* const entry = find(reference);
  if (entry == nullptr) return;
  auto const others = [&users](std::string const& user) { return !users.contains(user); };
  std::erase_if(entry->unheard, others);
  std::erase_if(entry->refused_by, others);
  entry->users = std::move(users);
}

void SecretTable::forget_user(std::string_view user) {
  for (auto& [name, document] : documents_) {
    for (auto& entry : document.entries) {
      drop(entry.unheard, user);
      drop(entry.refused_by, user);
    }
  }
}

std::vector<SecretTable::Asking> SecretTable::take_due(TimePoint now, std::size_t most) {
  std::vector<Asking> out;
  for (auto& [name, document] : documents_) {
    if (out.size() >= most) break;
    if (document.asking || document.due > now) continue;
    document.asking = true;
    document.hurried = false;
    out.push_back(Asking(*this, name, document.any));
  }
  return out;
}

void SecretTable::hurry(TimePoint now) {
  for (auto& [name, document] : documents_) {
    document.due = now;
    document.hurried = document.asking;
  }
}

TimePoint SecretTable::next_event() const {
  auto next = TimePoint::max();
  for (auto const& [name, document] : documents_) {
    if (!document.asking) next = std::min(next, document.due);
    for (auto const& entry : document.entries) {
      if (entry.before) next = std::min(next, entry.drop_at);
    }
  }
  return next;
}

void SecretTable::expire(TimePoint now) {
  for (auto& [name, document] : documents_) {
    for (auto& entry : document.entries) {
      if (!entry.before || entry.drop_at > now) continue;
      entry.before.reset();
      entry.on_trial = false;
    }
  }
}

SecretTable::Entry const* SecretTable::find(SecretReference const& reference) const {
  auto const found = documents_.find(reference.document_name());
  if (found == documents_.end()) return nullptr;
  for (auto const& entry : found->second.entries) {
    if (entry.key == reference.key) return &entry;
  }
  return nullptr;
}

SecretTable::Entry* SecretTable::find(SecretReference const& reference) {
  return const_cast<Entry*>(std::as_const(*this).find(reference));
}

base::Secret const* SecretTable::value(SecretReference const& reference) const {
  auto const* const entry = find(reference);
  return entry != nullptr && entry->known ? &entry->value : nullptr;
}

base::Secret const* SecretTable::reserve(SecretReference const& reference) const {
  auto const* const entry = find(reference);
  return entry != nullptr && entry->before ? &*entry->before : nullptr;
}

bool SecretTable::in_reserve(base::Secret const& value) const {
  for (auto const& [name, document] : documents_) {
    for (auto const& entry : document.entries) {
      if (entry.before && *entry.before == value) return true;
    }
  }
  return false;
}

std::string SecretTable::alarm(SecretReference const& reference) const {
  auto const found = documents_.find(reference.document_name());
  if (found == documents_.end()) return {};
  if (!found->second.alarm.empty()) return found->second.alarm;
  auto const* const entry = find(reference);
  return entry != nullptr && entry->missing ? lack_of(entry->key) : std::string();
}

std::string SecretTable::document_alarm(SecretReference const& any) const {
  constexpr std::size_t kNamed = 3;
  auto const found = documents_.find(any.document_name());
  if (found == documents_.end()) return {};
  std::string out = found->second.alarm;
  if (!out.empty()) return out;
  std::size_t missing = 0;
  for (auto const& entry : found->second.entries) {
    if (!entry.missing || ++missing > kNamed) continue;
    out += missing == 1 ? lack_of(entry.key) : ", `" + entry.key + "`";
  }
  if (missing > kNamed) out += " and " + std::to_string(missing - kNamed) + " more";
  return out;
}

bool SecretTable::worth_telling(SecretReference const& any, TimePoint now) {
  auto const found = documents_.find(any.document_name());
  if (found == documents_.end()) return false;
  auto& document = found->second;
  auto alarm = document_alarm(any);
  if (document.told && (*document.told == alarm || now < document.told_at + kTellAgain)) return false;
  document.told = std::move(alarm);
  document.told_at = now;
  return true;
}

bool SecretTable::on_trial(SecretReference const& reference) const {
  auto const* const entry = find(reference);
  return entry != nullptr && entry->on_trial && entry->before;
}

// A user's own trial outlasts that of the value: the first success ends only the latter.
bool SecretTable::on_trial(SecretReference const& reference, std::string_view user, TimePoint now) const {
  auto const* const entry = find(reference);
  if (entry == nullptr) return false;
  return (entry->on_trial && entry->before) || entry->refused_by.contains(user) ||
         (now < entry->unheard_until && entry->unheard.contains(user));
}

void SecretTable::forgive(SecretReference const& reference) {
  if (auto* const entry = find(reference); entry != nullptr && entry->why.empty()) entry->rejected.reset();
}

void SecretTable::confirm(SecretReference const& reference, TimePoint now, std::string_view user) {
  auto* const entry = find(reference);
  if (entry == nullptr) return;
  drop(entry->unheard, user);
  drop(entry->refused_by, user);
  if (!entry->on_trial) return;
  entry->on_trial = false;
  entry->drop_at = now + options_.overlap;
}

bool SecretTable::reject(SecretReference const& reference, TimePoint now, std::string_view user) {
  auto* const entry = find(reference);
  if (entry == nullptr) return false;
  if (!user.empty() && on_trial(reference, user, now)) {
    drop(entry->unheard, user);
    entry->refused_by.emplace(user);
  }
  if (!entry->on_trial || !entry->before) return false;
  bool const by_all = std::includes(entry->refused_by.begin(), entry->refused_by.end(), entry->users.begin(),
                                    entry->users.end());
  if (!by_all) return false;
  go_back(*entry);
  return true;
}

void SecretTable::go_back(Entry& entry) {
  entry.rejected = std::move(entry.value);
  entry.value = std::move(*entry.before);
  entry.version = std::move(entry.before_version);
  entry.created = entry.before_created;
  entry.before.reset();
  entry.on_trial = false;
  entry.unheard.clear();
  entry.refused_by.clear();
}

void SecretTable::begin_trial(Entry& entry, TimePoint now) {
  entry.on_trial = entry.told && entry.before;
  entry.drop_at = now + (entry.told ? options_.trial_max : options_.overlap);
  entry.unheard = entry.on_trial ? entry.users : Users();
  entry.unheard_until = now + options_.trial_max;
  entry.refused_by.clear();
}

std::vector<SecretTable::Judgement> SecretTable::judge(std::span<Misfit const> misfits, bool others_fit) {
  std::vector<Judgement> news;
  for (auto& [name, document] : documents_) {
    for (auto& entry : document.entries) {
      auto const of_entry = [&, &any = document.any](Misfit const& misfit) {
        return misfit.reference.store == any.store && misfit.reference.document == any.document &&
               misfit.reference.key == entry.key;
      };
      auto const found = std::find_if(misfits.begin(), misfits.end(), of_entry);
      if (found == misfits.end() || !entry.known) {
        if (!others_fit) continue;
        entry.fits = entry.known;
        entry.unusable = false;
        if (!entry.rejected) entry.why.clear();
        continue;
      }
      bool const back = entry.before && !entry.fits;
      if (back) go_back(entry);
      entry.fits = back;
      if (back || !entry.unusable) news.push_back({*found, back});
      entry.unusable = !back;
      entry.why = found->why;
    }
  }
  return news;
}

std::optional<SecretTable::Change> SecretTable::take(Entry& entry, StoreAnswer const& answer, TimePoint now,
                                                     base::WallTime wall) {
  auto const* const said = value_of(answer, entry.key);
  auto const value = said == nullptr ? std::string_view() : without_line_end(said->reveal());
  entry.missing = value.empty();
  if (entry.missing) return {};
  if (entry.rejected && entry.rejected->reveal() == value) return {};
  entry.rejected.reset();
  if (!entry.unusable) entry.why.clear();
  if (entry.known && entry.value.reveal() == value) {
    entry.version = answer.version;
    if (answer.created) entry.created = answer.created;
    return {};
  }
  if (entry.on_trial && entry.before && entry.before->reveal() == value) {  // the store takes it back itself
    go_back(entry);
    entry.rejected.reset();
    ++entry.replaced;
    return Change::replaced;
  }
  bool const first = !entry.known;
  bool const good = !std::exchange(entry.unusable, false);
  entry.fits = false;
  entry.why.clear();
  // Where the one in use is on trial, the one in reserve is the last that is known to be good.
  if (!first && !entry.on_trial && good) {
    entry.before = std::move(entry.value);
    entry.before_version = std::move(entry.version);
    entry.before_created = entry.created;
  }
  if (!first) {
    begin_trial(entry, now);
    ++entry.replaced;
  }
  entry.value = base::Secret(value);
  entry.known = true;
  entry.version = answer.version;
  entry.created = answer.created ? answer.created : wall;
  return first ? Change::first : Change::replaced;
}

TimePoint SecretTable::after(Document& document, Duration wait, TimePoint now) {
  document.asking = false;
  return std::exchange(document.hurried, false) ? now : now + spread(wait, random_);
}

Duration SecretTable::refresh_of(Document const& document) const noexcept {
  bool const here = document.any.store == Store::file || document.any.store == Store::cred;
  return here ? std::min(options_.refresh, options_.refresh_files) : options_.refresh;
}

// Before anything is cut off: half of a value is not found any more.
void SecretTable::mask_values(Document const& document, std::string& text) {
  std::vector<base::Secret> values;
  for (auto const& entry : document.entries) {
    if (entry.known) values.push_back(entry.value);
    if (entry.before) values.push_back(*entry.before);
    if (entry.rejected) values.push_back(*entry.rejected);
  }
  SecretMask(values).apply(text);
}

void SecretTable::give_back(std::string const& name) {
  auto const found = documents_.find(name);
  if (found != documents_.end()) found->second.asking = false;
}

SecretTable::Changes SecretTable::Asking::brought(StoreAnswer const& answer, TimePoint now,
                                                  base::WallTime wall) {
  auto& table = *std::exchange(table_, nullptr);
  Changes changes;
  auto const found = table.documents_.find(name_);
  if (found == table.documents_.end()) return changes;  // nobody wants it any more
  auto& document = found->second;
  document.failures = 0;
  document.alarm.clear();
  bool any_missing = false;
  for (auto& entry : document.entries) {
    SecretReference reference = document.any;
    reference.key = entry.key;
    if (auto const change = table.take(entry, answer, now, wall)) changes.emplace_back(reference, *change);
    any_missing = any_missing || entry.missing;
  }
  if (!any_missing) document.told.reset();
  auto wait = table.refresh_of(document);
  if (answer.lease > Duration{}) wait = std::min(wait, answer.lease * 2 / 3);  // F-29
  document.due = table.after(document, std::max(wait, table.options_.retry_min), now);
  return changes;
}

void SecretTable::Asking::failed(std::string why, TimePoint now) {
  auto& table = *std::exchange(table_, nullptr);
  auto const found = table.documents_.find(name_);
  if (found == table.documents_.end()) return;
  auto& document = found->second;
  mask_values(document, why);
  document.alarm = plain(why);
  Duration const doubled = table.options_.retry_min * (std::int64_t{1} << std::min(document.failures, 10U));
  ++document.failures;
  document.due = table.after(document, std::min(doubled, table.refresh_of(document)), now);
}

std::vector<SecretView> SecretTable::views() const {
  std::vector<SecretView> out;
  for (auto const& [name, document] : documents_) {
    for (auto const& entry : document.entries) {
      SecretView view;
      view.reference = document.any;
      view.reference.key = entry.key;
      view.version = entry.version;
      view.known = entry.known;
      view.on_trial = entry.on_trial;
      view.rolled_back = entry.rejected.has_value();
      view.created = entry.created;
      view.age_max = entry.age_max;
      view.alarm = !document.alarm.empty() ? document.alarm : entry.missing ? lack_of(entry.key) : entry.why;
      view.failures = document.failures;
      view.replaced = entry.replaced;
      view.refused_by.assign(entry.refused_by.begin(), entry.refused_by.end());
      out.push_back(std::move(view));
    }
  }
  return out;
}

}  // namespace weir::secrets
