#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "client/bulk_classifier.h"
#include "client/cli/classify_flags.h"
#include "client/cli/commands.h"
#include "client/cli/connection_flags.h"
#include "client/cli/output.h"
#include "client/cli/progress_bar.h"
#include "client/client.h"
#include "latency/steady_clock.h"

namespace verdict {
namespace {

BulkOptions ToBulkOptions(const ClassifyFlags& flags) {
  BulkOptions options;
  // People want the label; whoever reads JSON may as well have them all.
  options.classify.set_top_k(flags.top_k.value_or(flags.json ? 0 : 1));
  options.classify.set_activation(flags.activation);
  options.classify.set_truncation(flags.truncation);
  options.classify.set_return_logits(flags.logits);
  options.text_pair = flags.text_pair;
  return options;
}

// One run of the command: texts go in by Arguments or Lines, outcomes come out on stdout and
// stderr.
class Classification {
 public:
  // The client must outlive it.
  Classification(const ClassifyFlags& flags, const Client* client)
      : flags_(flags),
        format_(ChooseFormat(flags.json), TerminalColumns()),
        // Where the results are seen as they come, they are the progress.
        bar_(isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO) ? stderr : nullptr, SteadyNow()),
        bulk_(client, ToBulkOptions(flags), [this](const Outcome& outcome) { Print(outcome); }) {}

  ExitStatus Arguments() {
    unit_ = "text";
    for (const std::string& text : flags_.texts) {
      if (absl::Status status = bulk_.Add(text); !status.ok()) return Finish(status);
    }
    return Finish(bulk_.Drain());
  }

  ExitStatus Lines(std::istream& input, std::optional<uint64_t> total_bytes) {
    progress_.total_bytes = total_bytes;
    for (std::string line; std::getline(input, line);) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      absl::Status status = bulk_.Add(std::move(line));
      // Answer before waiting for more: whoever writes the lines may wait for the answer.
      if (status.ok() && input.rdbuf()->in_avail() <= 0) {
        status = bulk_.Drain();
        std::fflush(stdout);
      }
      if (!status.ok()) return Finish(status);
    }
    const absl::Status status = bulk_.Drain();
    if (input.bad()) {
      absl::FPrintF(stderr, "verdict: cannot read on after line %d\n", progress_.texts);
      exit_status_ = kSomeFailed;
    }
    return Finish(status);
  }

 private:
  void Print(const Outcome& outcome) {
    if (!outcome.result.ok()) {
      bar_.Clear();
      absl::FPrintF(stderr, "verdict: %s %d: %s\n", unit_, outcome.number,
                    outcome.result.status().message());
      exit_status_ = kSomeFailed;
    } else if (outcome.result->tokens().truncated()) {
      ++truncated_;
    }
    absl::PrintF("%s\n", format_.Line(outcome));
    progress_.texts = outcome.number;
    progress_.bytes += outcome.text.size() + 1;
    bar_.Update(SteadyNow(), progress_);
  }

  ExitStatus Finish(const absl::Status& status) {
    bar_.Clear();
    std::fflush(stdout);
    if (truncated_ > 0 && !flags_.json) {
      absl::FPrintF(stderr,
                    "verdict: %d of %d texts were longer than the model takes: their labels speak "
                    "for a part\n",
                    truncated_, progress_.texts);
    }
    return status.ok() ? exit_status_ : ReportServerFailure(flags_.connection, status);
  }

  const ClassifyFlags& flags_;
  OutcomeFormat format_;
  ProgressBar bar_;
  Progress progress_;
  const char* unit_ = "line";
  uint64_t truncated_ = 0;
  ExitStatus exit_status_ = kDone;
  BulkClassifier bulk_;  // last: its calls end before anything else does
};

ExitStatus RunClassify(const ClassifyFlags& flags) {
  const absl::StatusOr<Client> client = Client::Open(flags.connection);
  if (!client.ok()) return ReportWrongConnection(client.status());
  Classification classification(flags, &*client);
  if (!flags.texts.empty()) return classification.Arguments();
  if (flags.file.empty() || flags.file == "-") {
    if (isatty(STDIN_FILENO)) std::fputs("One text a line; Ctrl-D ends.\n", stderr);
    return classification.Lines(std::cin, std::nullopt);
  }
  std::ifstream file(flags.file);
  if (!file.is_open()) {
    absl::FPrintF(stderr, "verdict: cannot open %s: %s\n", flags.file, std::strerror(errno));
    return kWrongUsage;
  }
  std::error_code error;
  const uint64_t bytes = std::filesystem::file_size(flags.file, error);
  return classification.Lines(file, error ? std::nullopt : std::optional(bytes));
}

}  // namespace

void AddClassifyCommand(CLI::App* app, ExitStatus* exit_status) {
  CLI::App* command = app->add_subcommand("classify", "Classify texts");
  const auto flags = std::make_shared<ClassifyFlags>();
  AddClassifyFlags(command, flags.get());
  command->callback([flags, exit_status] {
    std::ios::sync_with_stdio(false);  // lets std::cin read ahead, and tell whether more is there
    *exit_status = RunClassify(*flags);
  });
}

}  // namespace verdict
