// PairStream: the one event stream of a client of HTTP+SSE (2024-11-05), and the calls it is answered with.
//
// Lives in the frame of the GET; one worker. The session is there for exactly as long. Requests come by the
// letterbox, from POSTs on any worker, each with the rights of its own token, whose time the stream gains;
// answers, questions and notifications of calls go out as they come, one
// event at a time: while the client does not read, the calls wait. What belongs to no call comes by the
// session's outbox. When the stream ends, so do its calls: nobody could get their answers. Before a shutdown
// they may finish.
#pragma once

#include <memory>
#include <string>

#include "base/task_group.hpp"
#include "edge/admitted_tenure.hpp"
#include "edge/get_stream.hpp"
#include "edge/mcp_endpoint.hpp"
#include "session/letterbox.hpp"

namespace weir::edge {

class PairStream {
 public:
  struct Parts {  // borrowed, but for the letterbox
    EndpointParts const& endpoint;
    EndpointRules const& rules;
    AdmittedTenure& tenure;
    std::string_view server;  // "" = all servers
    std::shared_ptr<session::Letterbox> letters;
  };
  PairStream(Parts parts, GetStream::Parts stream, std::string first);
  PairStream(PairStream const&) = delete;
  PairStream& operator=(PairStream const&) = delete;
  ~PairStream() { parts_.letters->close(); }

  base::Task<void> run();

 private:
  class Sink;
  class Trace;
  base::Task<void> take_letters();
  base::Task<void> serve(session::Letterbox::Letter letter);
  base::Task<void> answer(core::Call& call, std::string request_id);

  Parts parts_;
  GetStream stream_;
  base::Event gone_;
  base::TaskGroup calls_;  // last: cancelled first
};

}  // namespace weir::edge
