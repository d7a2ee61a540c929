// What verdictd serves over HTTP for machines that watch it.
#ifndef VERDICT_SERVER_API_ROUTES_H_
#define VERDICT_SERVER_API_ROUTES_H_

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "server/http/message.h"
#include "server/metrics/metrics.h"

namespace verdict {

using StatusSource = std::function<absl::Status()>;

// GET /metrics: everything that `metrics` has, for Prometheus.
// GET /healthz: 200 while `liveness` returns OK; else 503 with its message.
// GET /readyz:  200 while `readiness` returns OK; else 503 with its message, such as "draining".
//
// `liveness` and `readiness` must be quick: they run on the thread of all connections, so that no
// other request delays them. `metrics` and what they refer to must outlive the server that has the
// routes.
std::vector<HttpRoute> HttpRoutes(const Metrics& metrics, StatusSource liveness,
                                  StatusSource readiness);

}  // namespace verdict

#endif  // VERDICT_SERVER_API_ROUTES_H_
