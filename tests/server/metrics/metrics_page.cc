// Serves a page of metrics whose values prometheus_scrape_test.py knows. Prints the port; ends when
// its standard input does.
#include <cstdio>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/api/routes.h"
#include "server/http/server.h"
#include "server/metrics/metrics.h"

int main() {
  using namespace verdict;  // NOLINT(google-build-using-namespace): a test program of ten lines
  Metrics metrics(ServedModel{});
  for (int i = 0; i < 7; ++i) {
    metrics.calls().Started(Method::kClassify);
    metrics.calls().Handled(Method::kClassify, absl::StatusCode::kOk, absl::Milliseconds(20),
                            "4bf92f3577b34da6a3ce929d0e0e4736");
    metrics.ObserveStage(Stage::kTotal, absl::Milliseconds(20));
  }
  auto server =
      HttpServer::Start({"127.0.0.1:0"}, HttpRoutes(metrics, absl::OkStatus, absl::OkStatus));
  if (!server.ok()) {
    std::fprintf(stderr, "%s\n", server.status().ToString().c_str());
    return EXIT_FAILURE;
  }
  std::printf("%d\n", (*server)->port());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return EXIT_SUCCESS;
}
