#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "client/cli/commands.h"
#include "client/cli/connection_flags.h"
#include "client/load/connections.h"
#include "client/load/display.h"
#include "client/load/expected_replies.h"
#include "client/load/flags.h"
#include "client/load/generator.h"
#include "client/load/mix.h"
#include "client/load/page.h"
#include "client/load/recorder.h"
#include "client/load/report.h"
#include "client/load/requests.h"
#include "client/load/schedule.h"
#include "client/load/subject.h"
#include "client/load/texts.h"
#include "latency/steady_clock.h"

namespace verdict {
namespace {

volatile std::sig_atomic_t interrupted = 0;

// The first SIGINT or SIGTERM ends the load early, and its figures are still told; the second ends
// everything.
void StopAtInterrupt() {
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = SA_RESETHAND | SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

absl::StatusOr<std::vector<std::string>> LoadTexts(const LoadFlags& flags) {
  if (!flags.file.empty()) return ReadTexts(flags.file);
  if (!flags.token_counts.empty()) return TextsOfTokenCounts(flags.token_counts);
  return BuiltInTexts();
}

std::vector<absl::Duration> StageEnds(const LoadFlags& flags) {
  if (!flags.open_loop()) return {flags.fixed_duration()};
  std::vector<absl::Duration> ends;
  absl::Duration end;
  for (const LoadStage& stage : flags.stages) ends.push_back(end += stage.duration);
  return ends;
}

LoadGeneratorOptions GeneratorOptions(const LoadFlags& flags) {
  LoadGeneratorOptions options;
  options.timeout = flags.connection.timeout;
  options.wait_for_ready = flags.connection.wait_for_ready;
  options.attempts = flags.connection.attempts;
  options.concurrency = flags.concurrency;
  options.closed_loop_duration = flags.fixed_duration();
  options.closed_loop_requests = flags.requests;
  if (flags.max_in_flight > 0) options.max_in_flight = flags.max_in_flight;
  options.cancel_after = flags.cancel_after;
  return options;
}

// Whether it could be written.
bool Write(const std::string& text, const std::string& path) {
  if (path == "-") {
    std::fputs(text.c_str(), stdout);
    return true;  // main looks at standard output when all is done
  }
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) absl::FPrintF(stderr, "verdict: cannot write %s\n", path);
  return !file.fail();
}

ExitStatus Tell(const LoadFlags& flags, const nlohmann::ordered_json& report) {
  if (!flags.quiet && flags.json != "-") std::fputs(LoadSummary(report).c_str(), stdout);
  bool written = true;
  // Whatever bytes a server sends, this is valid JSON.
  const auto replace = nlohmann::ordered_json::error_handler_t::replace;
  if (!flags.json.empty()) written = Write(report.dump(1, ' ', false, replace) + "\n", flags.json);
  if (!flags.report.empty()) written &= Write(LoadPage(report), flags.report);
  return written && report["summary"]["wrong_replies"] == 0 ? kDone : kSomeFailed;
}

// What a load is made of, read before anything is sent.
struct Prepared {
  LoadConnections connections;
  LoadRequests requests;
  std::optional<ExpectedReplies> expected;
};

absl::StatusOr<Prepared> Prepare(const LoadFlags& flags) {
  const absl::StatusOr<std::vector<std::string>> texts = LoadTexts(flags);
  if (!texts.ok()) return texts.status();
  absl::StatusOr<LoadConnections> connections =
      LoadConnections::Create(flags.connection, flags.connections);
  if (!connections.ok()) return connections.status();
  std::optional<ExpectedReplies> expected;
  if (!flags.check.empty()) {
    absl::StatusOr<ExpectedReplies> read = ExpectedReplies::Read(flags.check, texts->size());
    if (!read.ok()) return read.status();
    expected = *std::move(read);
  }
  return Prepared{.connections = *std::move(connections),
                  .requests = LoadRequests(*texts, flags.batch_size),
                  .expected = std::move(expected)};
}

// The model as the server describes it; none if it does not.
std::optional<v1::GetModelResponse> AskForModel(const LoadFlags& flags,
                                                const LoadConnections& connections) {
  grpc::ClientContext context;
  context.set_deadline(WallTime(SteadyNow() + flags.connection.timeout));
  v1::GetModelResponse model;
  const grpc::Status status = connections.stub(0)->GetModel(&context, {}, &model);
  if (status.ok()) return model;
  absl::FPrintF(stderr, "verdict: the report cannot say the model: %s\n", status.error_message());
  return std::nullopt;
}

ExitStatus Send(const LoadFlags& flags, const Prepared& prepared) {
  const LoadSubject subject = {.begun = absl::Now(),
                               .model = AskForModel(flags, prepared.connections),
                               .machine = ThisMachine()};

  LoadMix mix({.weights = flags.weights,
               .bad_percent = flags.bad_percent,
               .cancel_percent = flags.cancel_percent,
               .texts = prepared.requests.texts(),
               .batch_size = flags.batch_size,
               .seed = flags.seed});
  LoadSchedule schedule({.stages = flags.stages,
                         .requests = flags.requests,
                         .poisson = flags.poisson,
                         .seed = flags.seed});
  LoadRecorder recorder(StageEnds(flags));
  LoadGenerator generator(GeneratorOptions(flags),
                          {.connections = &prepared.connections,
                           .requests = &prepared.requests,
                           .expected = prepared.expected ? &*prepared.expected : nullptr,
                           .mix = &mix,
                           .schedule = flags.open_loop() ? &schedule : nullptr,
                           .recorder = &recorder});
  StopAtInterrupt();
  LoadDisplay display(!flags.quiet && isatty(STDERR_FILENO) ? stderr : nullptr);
  generator.Run([&](absl::Duration elapsed) {
    display.Update(recorder, elapsed, generator.in_flight());
    return interrupted == 0;
  });
  display.Clear();
  return Tell(flags, LoadReport(subject, flags, recorder, generator.health()));
}

ExitStatus RunLoad(LoadFlags* flags) {
  if (flags->rate) flags->stages = {{*flags->rate, *flags->rate, flags->fixed_duration()}};
  const absl::StatusOr<Prepared> prepared = Prepare(*flags);
  if (!prepared.ok()) return ReportWrongConnection(prepared.status());
  if (const absl::Status status = prepared->connections.Connect(); !status.ok()) {
    return ReportServerFailure(flags->connection, status);
  }
  return Send(*flags, *prepared);
}

}  // namespace

void AddLoadCommand(CLI::App* app, ExitStatus* exit_status) {
  CLI::App* command = app->add_subcommand("load", "Put a server under load and measure it");
  const auto flags = std::make_shared<LoadFlags>();
  AddLoadFlags(command, flags.get());
  command->callback([flags, exit_status] { *exit_status = RunLoad(flags.get()); });
}

}  // namespace verdict
