// The status page, for people: server/http/page/ as a part of the program.
#ifndef VERDICT_SERVER_HTTP_STATUS_PAGE_H_
#define VERDICT_SERVER_HTTP_STATUS_PAGE_H_

#include <vector>

#include "server/http/message.h"

namespace verdict {

// GET / and the files that it refers to. The page loads nothing else, from nowhere else, and its
// headers forbid it to; what it shows comes from /metrics, /readyz and /v1.
std::vector<HttpRoute> StatusPageRoutes();

}  // namespace verdict

#endif  // VERDICT_SERVER_HTTP_STATUS_PAGE_H_
