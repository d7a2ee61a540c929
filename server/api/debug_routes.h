// What verdictd shows over HTTP to whoever looks for a fault.
#ifndef VERDICT_SERVER_API_DEBUG_ROUTES_H_
#define VERDICT_SERVER_API_DEBUG_ROUTES_H_

#include <string>
#include <vector>

#include "server/api/json_api.h"
#include "server/http/message.h"
#include "server/tracing/call_journal.h"

namespace verdict {

// An option as the server goes by it.
struct OptionInForce {
  std::string name;  // "--threads"
  std::string value;
  bool is_default = true;
};

// GET  /debug/requests   the slowest calls of the last minutes and those that failed last, as JSON
// GET  /debug/options    the options in force, as JSON
// GET  /debug/log-level  the level of the log: {"level":"info"}
// POST /debug/log-level  sets it for this run, by ?level=debug or the same JSON
//
// For those whom `api` lets call. `journal` and `api` must outlive the server that has the routes.
std::vector<HttpRoute> DebugRoutes(const CallJournal& journal, const JsonApi& api,
                                   const std::vector<OptionInForce>& options);

}  // namespace verdict

#endif  // VERDICT_SERVER_API_DEBUG_ROUTES_H_
