#include "client/bulk_classifier.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "client/error.h"

namespace verdict {
namespace {

// Whether a failed call speaks of what was sent. Otherwise the next call would fail as well.
bool IsAboutTheTexts(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsResourceExhausted(status);
}

// The server counts inputs within a call, which means nothing to who counts texts.
absl::Status ItemStatus(const v1::Error& error, int index) {
  absl::string_view message = error.message();
  if (absl::ConsumePrefix(&message, absl::StrCat("inputs[", index, "]"))) {
    absl::ConsumePrefix(&message, ".");
  }
  return ToAbslStatus(error, message);
}

absl::StatusOr<v1::ClassifyResponse> TakeResult(v1::ClassifyBatchResponse::Item* item, int index) {
  if (item->has_result()) return std::move(*item->mutable_result());
  if (item->error().code() != 0) return ItemStatus(item->error(), index);
  return absl::InternalError("the server sent neither a result nor an error");
}

}  // namespace

BulkClassifier::BulkClassifier(const Client* client, BulkOptions options,
                               std::function<void(Outcome)> done)
    : client_(client), options_(std::move(options)), done_(std::move(done)) {}

absl::Status BulkClassifier::Add(uint64_t number, absl::StatusOr<v1::Input> input) {
  const size_t bytes = input.ok() ? input->text().size() + input->text_pair().size() : 0;
  if (!texts_.empty() &&
      (texts_.size() >= options_.texts_per_call || bytes_ + bytes > options_.bytes_per_call)) {
    if (absl::Status status = Send(); !status.ok()) return status;
  }
  bytes_ += bytes;
  texts_.push_back({.number = number, .input = std::move(input)});
  return absl::OkStatus();
}

absl::Status BulkClassifier::Drain() {
  if (!texts_.empty()) {
    if (absl::Status status = Send(); !status.ok()) return status;
  }
  while (!calls_.empty()) {
    if (absl::Status status = Collect(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status BulkClassifier::Send() {
  while (calls_.size() >= options_.calls_in_flight) {
    if (absl::Status status = Collect(); !status.ok()) return status;
  }
  v1::ClassifyBatchRequest request;
  *request.mutable_options() = options_.classify;
  for (const Text& text : texts_) {
    if (text.input.ok()) *request.add_inputs() = *text.input;
  }
  Call call = {.texts = std::exchange(texts_, {}), .results = {}};
  if (request.inputs_size() > 0) {
    call.results = std::async(std::launch::async, [this, request = std::move(request)] {
      return client_->ClassifyBatch(request);
    });
  }
  calls_.push_back(std::move(call));
  bytes_ = 0;
  return absl::OkStatus();
}

absl::Status BulkClassifier::Collect() {
  Call call = std::move(calls_.front());
  calls_.pop_front();
  Results results =
      call.results.valid() ? call.results.get() : Results(v1::ClassifyBatchResponse());
  if (!results.ok() && !IsAboutTheTexts(results.status())) return results.status();
  int sent = 0;
  for (Text& text : call.texts) {
    Outcome outcome;
    outcome.number = text.number;
    if (!text.input.ok()) {
      outcome.result = text.input.status();
    } else {
      outcome.input = *std::move(text.input);
      outcome.result = results.ok() ? TakeResult(results->mutable_items(sent), sent)
                                    : absl::StatusOr<v1::ClassifyResponse>(results.status());
      ++sent;
    }
    done_(std::move(outcome));
  }
  return absl::OkStatus();
}

}  // namespace verdict
