// SecretTable: the secrets in use that may change while the gateway runs, when each is to be looked at again,
// and which value of each holds.
//
// Brain; belongs to one thread, time is passed in. Bounded: at most `entries_max` references. A document that
// is due is given out once, as an Asking; what it brings back decides. A store that fails costs nothing but
// an alarm: the last good value stays (F-28, F-29). A value that replaces another one is on trial: the one
// before stays in reserve until the new one has been used with success and the overlap is over. A new value
// that is refused gives way to the one before, and is not taken again (F-30); where several use it, once all
// of them have refused it: until then it is known which have. So does one of which no
// settings can be made, and there the one before is the last good one also where nobody tells. What stores
// and files say is taken without its last line end. An alarm repeats no value of its document..
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "secrets/secret_reference.hpp"

namespace weir::secrets {

struct SecretTableOptions {
  std::size_t entries_max = 1000;
  base::Duration refresh = std::chrono::seconds{30};       // no document is looked at less often
  base::Duration refresh_files = std::chrono::seconds{2};  // the same for what is on this machine
  base::Duration retry_min = std::chrono::seconds{1};      // after a failure; doubles up to `refresh`
  base::Duration overlap = std::chrono::seconds{60};  // the one before stays so long after the first success
  base::Duration trial_max = std::chrono::hours{1};   // where nobody ever tells of a success
};

// What a store said of one document.
struct StoreAnswer {
  std::vector<std::pair<std::string, base::Secret>> values;  // by key; "" = the whole
  std::string version;                                       // as the store names it; may be empty
  std::optional<base::WallTime> created;                     // of this version
  base::Duration lease{};  // how long it is good for; 0: the store did not say
};

// What people may know of a secret: everything but its value.
struct SecretView {
  SecretReference reference;
  std::string version;
  bool known = false;        // there is a value
  bool on_trial = false;     // the value is new and has not been used with success yet
  bool rolled_back = false;  // the newest value of the store was refused; the one before is in use
  std::optional<base::WallTime> created;  // said by the store, else when the value was first seen
  base::Duration age_max{};               // after this age it should be replaced; 0: nobody said
  std::string alarm;      // why the store could not be asked, or its value not be used; "" when all is well
  unsigned failures = 0;  // in a row
  std::uint64_t replaced = 0;           // how often, since the start
  std::vector<std::string> refused_by;  // of whom it is used by, while others use the value

  std::optional<base::Duration> age(base::WallTime now) const;
  bool overdue(base::WallTime now) const;
};

// A value that cannot be used where it stands. `why` does not hold it.
struct Misfit {
  SecretReference reference;
  std::string why;
};

class SecretTable {
 public:
  enum class Change { first, replaced };
  using Changes = std::vector<std::pair<SecretReference, Change>>;

  // The right and the duty to ask a store about one document. Dropped without an outcome, it is due again.
  class Asking {
   public:
    Asking(Asking&& other) noexcept
        : table_(std::exchange(other.table_, nullptr)),
          name_(std::move(other.name_)),
          reference_(std::move(other.reference_)) {}
    Asking& operator=(Asking&&) = delete;
    ~Asking() {
      if (table_ != nullptr) table_->give_back(name_);
    }
    SecretReference const& about() const noexcept { return reference_; }  // any key of the document
    // Exactly one of these, once.
    Changes brought(StoreAnswer const& answer, base::TimePoint now, base::WallTime wall);
    // `why`: what the store said. Values of the document are masked in it, and it is made fit for a log.
    void failed(std::string why, base::TimePoint now);

   private:
    friend class SecretTable;
    Asking(SecretTable& table, std::string name, SecretReference reference)
        : table_(&table), name_(std::move(name)), reference_(std::move(reference)) {}
    SecretTable* table_;
    std::string name_;
    SecretReference reference_;
  };

  SecretTable(SecretTableOptions options, base::Random& random) : options_(options), random_(random) {}

  void set_options(SecretTableOptions options) { options_ = options; }
  // Makes it due at once if it is new. False: the table is full. What is known stays known. `told`: somebody
  // tells whether its values are accepted; where nobody does, none is on trial and none can be rejected.
  bool want(SecretReference const& reference, base::Duration age_max, base::TimePoint now, bool told = true);
  void keep_only(std::span<SecretReference const> wanted);
  using Users = std::set<std::string, std::less<>>;
  // Who tells whether the values are accepted: all of them. What others have said is forgotten.
  void set_users(SecretReference const& reference, Users users);
  void forget_user(std::string_view user);  // it begins anew, with the values in use

  std::vector<Asking> take_due(base::TimePoint now, std::size_t most);
  void hurry(base::TimePoint now);     // everything is due now
  base::TimePoint next_event() const;  // far away when nothing is due
  void expire(base::TimePoint now);    // reserves whose time is over are wiped

  base::Secret const* value(SecretReference const& reference) const;    // null: unknown
  base::Secret const* reserve(SecretReference const& reference) const;  // the one before; null: none
  bool in_reserve(base::Secret const& value) const;                     // of whichever secret
  // Why there is no answer of the store, or none with this text; "" when all is well.
  std::string alarm(SecretReference const& reference) const;
  // The same of all that is wanted of the document.
  std::string document_alarm(SecretReference const& any) const;
  // Whether to log that alarm: it is the first, or another one than was logged last, kTellAgain ago or more.
  // Takes it as logged then. After an answer that raises none the next is the first again.
  static constexpr base::Duration kTellAgain = std::chrono::seconds{10};
  bool worth_telling(SecretReference const& any, base::TimePoint now);
  bool holds(SecretReference const& reference) const { return find(reference) != nullptr; }
  bool on_trial(SecretReference const& reference) const;
  // Likewise there: it has not accepted the value yet, whatever others have done.
  bool on_trial(SecretReference const& reference, std::string_view user, base::TimePoint now) const;
  // It was used with success, or refused; by that user.
  void confirm(SecretReference const& reference, base::TimePoint now, std::string_view user = {});
  // False: nothing changes for the others: some have not refused it, or there is nothing to go back to.
  bool reject(SecretReference const& reference, base::TimePoint now, std::string_view user = {});
  // The value that was rejected may be taken again: the one in its place is refused by now. Not one of which
  // nothing can be made.
  void forgive(SecretReference const& reference);
  struct Judgement {
    Misfit misfit;
    bool rolled_back = false;  // false: there is nothing to go back to, the value stays
  };
  // What whoever makes settings of the values has found: which of them cannot be used; `others_fit`: all
  // others can. Says what is new in that. One that was rolled back is not in use any more: make the settings
  // again. A value that could be used before stays: it is not what has changed.
  std::vector<Judgement> judge(std::span<Misfit const> misfits, bool others_fit);
  std::vector<SecretView> views() const;
  std::size_t size() const noexcept { return entries_; }
  std::size_t most() const noexcept { return options_.entries_max; }

 private:
  struct Entry {
    std::string key;
    base::Secret value;
    bool known = false;
    std::string version;
    std::optional<base::WallTime> created;
    base::Duration age_max{};
    bool told = true;
    std::optional<base::Secret> before;  // in reserve
    std::string before_version;
    std::optional<base::WallTime> before_created;
    std::optional<base::Secret> rejected;  // never again, until the store says something else
    base::TimePoint drop_at{};
    bool on_trial = false;
    bool missing = false;   // the document was there, the key was not
    bool fits = false;      // the value in use, as far as somebody has said
    bool unusable = false;  // likewise: no reserve is made of it
    std::string why;        // it cannot be used, or the rejected one could not
    std::uint64_t replaced = 0;
    Users users;
    Users unheard;  // of these, who has not said yet whether it accepts the value
    base::TimePoint unheard_until{};
    Users refused_by;
  };
  struct Document {
    SecretReference any;
    std::vector<Entry> entries;
    base::TimePoint due{};
    unsigned failures = 0;
    std::string alarm;  // of the last question; what a key lacks is its entry's
    std::optional<std::string> told;
    base::TimePoint told_at{};
    bool asking = false;
    bool hurried = false;  // due again as soon as the question under way is answered
  };
  Entry const* find(SecretReference const& reference) const;
  Entry* find(SecretReference const& reference);
  static void go_back(Entry& entry);
  void begin_trial(Entry& entry, base::TimePoint now);
  std::optional<Change> take(Entry& entry, StoreAnswer const& answer, base::TimePoint now,
                             base::WallTime wall);
  void give_back(std::string const& name);
  static void mask_values(Document const& document, std::string& text);
  base::Duration refresh_of(Document const& document) const noexcept;
  base::TimePoint after(Document& document, base::Duration wait, base::TimePoint now);

  SecretTableOptions options_;
  base::Random& random_;
  std::map<std::string, Document, std::less<>> documents_;
  std::size_t entries_ = 0;
};

}  // namespace weir::secrets
