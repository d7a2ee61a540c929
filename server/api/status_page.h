// The status page for people, and the description of the port for programs: server/api/page/ and
// server/api/openapi.json as parts of the program.
#ifndef VERDICT_SERVER_API_STATUS_PAGE_H_
#define VERDICT_SERVER_API_STATUS_PAGE_H_

#include <vector>

#include "server/http/message.h"

namespace verdict {

// GET / and the files that it refers to, and GET /openapi.json. The page loads nothing else, from
// nowhere else, and its headers forbid it to; what it shows comes from /metrics, /readyz and /v1.
std::vector<HttpRoute> StatusPageRoutes();

}  // namespace verdict

#endif  // VERDICT_SERVER_API_STATUS_PAGE_H_
