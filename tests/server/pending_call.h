// A Classify that nobody waits for yet.
#ifndef VERDICT_TESTS_SERVER_PENDING_CALL_H_
#define VERDICT_TESTS_SERVER_PENDING_CALL_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <optional>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {

// Starts when it is made; its results may be read after `done`, and it must live until then.
struct PendingCall {
  PendingCall(v1::Classifier::Stub& stub, v1::ClassifyRequest asked,
              std::optional<absl::Duration> timeout = std::nullopt)
      : request(std::move(asked)) {
    if (timeout.has_value()) {
      context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMicroseconds(*timeout));
    }
    stub.async()->Classify(&context, &request, &response, [this](grpc::Status result) {
      status = std::move(result);
      done.Notify();
    });
  }

  grpc::ClientContext context;
  const v1::ClassifyRequest request;
  v1::ClassifyResponse response;
  grpc::Status status;
  absl::Notification done;
};

}  // namespace verdict

#endif  // VERDICT_TESTS_SERVER_PENDING_CALL_H_
