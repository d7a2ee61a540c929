// What verdictd shows over HTTP to whoever looks for a fault.
#ifndef VERDICT_SERVER_API_DEBUG_ROUTES_H_
#define VERDICT_SERVER_API_DEBUG_ROUTES_H_

#include <vector>

#include "server/api/json_api.h"
#include "server/http/message.h"
#include "server/tracing/call_journal.h"

namespace verdict {

// GET  /debug/requests   the slowest calls of the last minutes and those that failed last, as JSON
// GET  /debug/log-level  the level of the log: {"level":"info"}
// POST /debug/log-level  sets it for this run, by ?level=debug or the same JSON
//
// For those whom `api` lets call. `journal` and `api` must outlive the server that has the routes.
std::vector<HttpRoute> DebugRoutes(const CallJournal& journal, const JsonApi& api);

}  // namespace verdict

#endif  // VERDICT_SERVER_API_DEBUG_ROUTES_H_
