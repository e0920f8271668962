// Ledger: accounts for every request of a run: issued, answered, and what the servers executed.
//
// Each call carries a key that is unique in the run, in its arguments; an honest answer brings it back. Keys
// stand for ids, which repeat on purpose: all clients use the same ones. Servers count executions per key.
// One thread; about 100 bytes a call, as long as the ledger lives.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

namespace weir::chaos {

class Ledger {
 public:
  enum class Answer {
    result,   // of the tool, with the key in it
    error,    // an honest error or error result, without any key
    foreign,  // holds the key of another call
    unasked,  // not a response to this request at all
  };

  void issued(std::string const& key, bool repeatable) { entries_[key].repeatable = repeatable; }
  void answered(std::string const& key, Answer answer) {
    Entry& entry = entries_[key];
    ++entry.answers;
    if (answer == Answer::foreign || answer == Answer::unasked) ++crossed_;
    if (answer == Answer::error) ++errors_;
    if (answer == Answer::result) ++entry.results;
  }
  // The client went away before the answer: it may or may not come.
  void abandoned(std::string const& key) { entries_[key].abandoned = true; }
  void executed(std::string const& key) { ++entries_[key].executions; }

  struct Totals {
    std::uint64_t issued = 0;
    std::uint64_t answered = 0;        // exactly once
    std::uint64_t errors = 0;          // of them
    std::uint64_t lost = 0;            // no answer, though the client waited
    std::uint64_t duplicated = 0;      // more than one answer
    std::uint64_t crossed = 0;         // somebody else's answer
    std::uint64_t invented = 0;        // a result of something that never ran
    std::uint64_t executed = 0;        // calls that reached a server
    std::uint64_t executed_twice = 0;  // calls that may run once at most, and ran more often
    bool clean() const noexcept {
      return lost == 0 && duplicated == 0 && crossed == 0 && invented == 0 && executed_twice == 0;
    }
  };
  Totals totals() const {
    Totals sum;
    for (auto const& [key, entry] : entries_) {
      ++sum.issued;
      if (entry.answers == 1) ++sum.answered;
      if (entry.answers > 1) ++sum.duplicated;
      if (entry.answers == 0 && !entry.abandoned) ++sum.lost;
      if (entry.results > 0 && entry.executions == 0) ++sum.invented;
      if (entry.executions > 0) ++sum.executed;
      if (entry.executions > 1 && !entry.repeatable) ++sum.executed_twice;
    }
    sum.crossed = crossed_;
    sum.errors = errors_;
    return sum;
  }
  int executions(std::string const& key) const {
    auto const found = entries_.find(key);
    return found == entries_.end() ? 0 : found->second.executions;
  }
  // A key that was never answered, or "".
  std::string first_lost() const {
    for (auto const& [key, entry] : entries_) {
      if (entry.answers == 0 && !entry.abandoned) return key;
    }
    return {};
  }

 private:
  struct Entry {
    int answers = 0;
    int results = 0;
    int executions = 0;
    bool repeatable = false;
    bool abandoned = false;
  };
  std::unordered_map<std::string, Entry> entries_;
  std::uint64_t crossed_ = 0;
  std::uint64_t errors_ = 0;
};

}  // namespace weir::chaos
