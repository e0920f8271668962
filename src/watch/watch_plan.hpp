// WatchPlan: what one server has been asked to watch, how that went, and what to ask it next.
//
// One per server, where it lives; one thread; it knows what the WatchBook wants, nothing of who. A server
// that forgot what it was asked, or could not be reached, is asked again after forgive(); what changed
// meanwhile was missed, and held() says so. A refusal holds until somebody asks anew or the server was gone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::watch {

struct Refusal {  // what the server said: a JSON-RPC error
  int code = 0;
  std::string message;
  std::string data;  // JSON, or ""
};

class WatchPlan {
 public:
  enum class Hold { due, held, refused, failed };
  struct Mark {
    Hold hold = Hold::due;
    bool missed = false;  // changes, between then and now
    Refusal refusal;
    base::Error error;  // of `failed`
  };
  struct Steps {
    std::vector<std::string> subscribe, unsubscribe;
    bool none() const noexcept { return subscribe.empty() && unsubscribe.empty(); }
  };

  // Forgets what nobody wants and says what to ask for the rest.
  Steps next(std::vector<std::string> const& wanted);
  Mark const* find(std::string_view uri) const;

  bool held(std::string const& uri);  // true: changes of it were missed
  void refused(std::string const& uri, Refusal refusal);
  void failed(std::string const& uri, base::Error error);
  void dropped(std::string const& uri) { marks_.erase(uri); }

  void ask_anew(std::string_view uri);    // somebody new wants what did not work before
  bool lost(base::Error const& because);  // the server knows of nothing any more; true: of something before
  void forgive();                         // what failed is due again

 private:
  std::map<std::string, Mark, std::less<>> marks_;
};

}  // namespace weir::watch
