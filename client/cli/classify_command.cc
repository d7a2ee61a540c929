#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <deque>
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
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/bulk_classifier.h"
#include "client/cli/classify_flags.h"
#include "client/cli/commands.h"
#include "client/cli/connection_flags.h"
#include "client/cli/connection_notice.h"
#include "client/cli/input/text_reader.h"
#include "client/cli/output/format.h"
#include "client/cli/output/outcome_printer.h"
#include "client/cli/stop_watch.h"
#include "client/client.h"

namespace verdict {
namespace {

BulkOptions ToBulkOptions(const ClassifyFlags& flags) {
  BulkOptions options;
  // People want the label; whoever reads JSON may as well have them all.
  options.classify.set_top_k(flags.top_k.value_or(flags.json ? 0 : 1));
  options.classify.set_activation(flags.activation);
  options.classify.set_truncation(flags.truncation);
  options.classify.set_return_logits(flags.logits);
  return options;
}

// One run of the command: texts go in by Arguments or Records, outcomes come out by the printer.
//
// What it is given must outlive it.
class Classification {
 public:
  Classification(const ClassifyFlags& flags, const Client* client, OutcomePrinter* printer)
      : flags_(flags), printer_(printer), bulk_(client, ToBulkOptions(flags), [this](auto outcome) {
          printer_->Print(outcome, bytes_.front());
          bytes_.pop_front();
        }) {}

  ExitStatus Arguments() {
    uint64_t number = 0;
    absl::Status status;
    for (const std::string& text : flags_.texts) {
      v1::Input input;
      input.set_text(text);
      status = Add(++number, std::move(input), text.size());
      if (!status.ok()) break;
    }
    return Finish(status.ok() ? bulk_.Drain() : status);
  }

  ExitStatus Records(TextReader* reader, std::istream* input) {
    absl::Status status;
    while (status.ok() && printer_->status().ok()) {
      std::optional<TextRecord> record = reader->Next();
      if (!record.has_value()) break;
      last_line_ = record->line;
      status = Add(record->line, std::move(record->input), record->bytes);
      // Answer before waiting for more: whoever writes the lines may wait for the answer.
      if (status.ok() && input->rdbuf()->in_avail() <= 0) {
        status = bulk_.Drain();
        printer_->Flush();
      }
    }
    if (status.ok()) status = bulk_.Drain();
    const ExitStatus exit_status = Finish(status);
    if (!input->bad()) return exit_status;
    absl::FPrintF(stderr, "verdict: cannot read on after line %d\n", last_line_);
    return exit_status == kDone ? kSomeFailed : exit_status;
  }

 private:
  absl::Status Add(uint64_t number, absl::StatusOr<v1::Input> input, uint64_t bytes) {
    if (input.ok() && flags_.text_pair.has_value()) input->set_text_pair(*flags_.text_pair);
    bytes_.push_back(bytes);
    return bulk_.Add(number, std::move(input));
  }

  ExitStatus Finish(const absl::Status& status) {
    printer_->Finish();
    if (!printer_->status().ok()) {
      absl::FPrintF(stderr, "verdict: %s\n", printer_->status().message());
      return kSomeFailed;
    }
    if (!status.ok()) return ReportServerFailure(flags_.connection, status);
    return printer_->any_failed() ? kSomeFailed : kDone;
  }

  const ClassifyFlags& flags_;
  OutcomePrinter* const printer_;
  std::deque<uint64_t> bytes_;  // of the input, of each text without an outcome
  uint64_t last_line_ = 0;
  BulkClassifier bulk_;  // last: its calls end before anything else does
};

// The input of texts that are no arguments.
struct Input {
  std::istream* stream = &std::cin;
  std::string name = "standard input";
  std::optional<uint64_t> bytes;
  std::unique_ptr<std::ifstream> file;  // what stream is, unless standard input
};

// NOT_FOUND, ...: what the system says.
absl::StatusOr<Input> OpenInput(const std::string& path) {
  Input input;
  if (path.empty() || path == "-") return input;
  input.file = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (!input.file->is_open()) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  }
  input.stream = input.file.get();
  input.name = path;
  std::error_code error;
  const uint64_t bytes = std::filesystem::file_size(path, error);
  if (!error) input.bytes = bytes;
  return input;
}

OutcomePrinter::Options PrinterOptions(const ClassifyFlags& flags, const Input& input) {
  const std::string of_file = input.file == nullptr ? "line" : absl::StrCat(input.name, ", line");
  return {.format = {.format = ChooseFormat(flags.json),
                     .columns = TerminalColumns(),
                     .echo = flags.echo},
          .place = flags.texts.empty() ? of_file : "text",
          .total_bytes = input.bytes};
}

ExitStatus Run(const ClassifyFlags& flags, const Input& input) {
  OutcomePrinter printer(PrinterOptions(flags, input));
  const StopWatch watch([&printer](int signal) { printer.SayInterrupted(signal); });
  const absl::StatusOr<Client> client = Client::Open(flags.connection);
  if (!client.ok()) return ReportWrongConnection(client.status());
  const ConnectionNotice notice({.connection = flags.connection}, client->channel());
  if (!flags.texts.empty()) return Classification(flags, &*client, &printer).Arguments();
  if (flags.file.empty() && isatty(STDIN_FILENO)) {
    std::fputs("One text a line; Ctrl-D ends.\n", stderr);
  }
  const auto reader = OpenTextReader(flags.input_format, flags.fields, input.stream);
  if (!reader.ok()) {
    absl::FPrintF(stderr, "verdict: %s, line 1: %s\n", input.name, reader.status().message());
    return kWrongUsage;
  }
  return Classification(flags, &*client, &printer).Records(reader->get(), input.stream);
}

ExitStatus RunClassify(const ClassifyFlags& flags) {
  const absl::StatusOr<Input> input = OpenInput(flags.file);
  if (input.ok()) return Run(flags, *input);
  absl::FPrintF(stderr, "verdict: %s\n", input.status().message());
  return kWrongUsage;
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
