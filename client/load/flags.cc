#include "client/load/flags.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/cli/connection_flags.h"

namespace verdict {
namespace {

constexpr char kFooter[] =
    R"(An open loop (--rate, --stages, --ramp) starts calls when its schedule says so, however slowly
they are answered; latency runs from the intended start, so what a stalled server makes the
next calls wait for is counted too. A closed loop (--concurrency) starts the next call when
one is answered: it finds the highest rate that is sustained.

A call's deadline is its intended start plus --timeout. Goodput counts texts answered within
their deadline, while the load lasts. A stream is one call; its messages are counted by
themselves.

Exit status: 0 the load was sent, whatever came of it; 1 a reply was not as --check expects,
or a bad call was answered, or a file could not be written; 2 wrong usage; 3 no server.)";

// What a parser of ours says, as CLI11 wants to hear it.
template <typename Value>
Value OrThrow(const char* option, absl::StatusOr<Value> value) {
  if (!value.ok()) {
    throw CLI::ValidationError(option, std::string(value.status().message()));
  }
  return *std::move(value);
}

CLI::Option* AddDuration(CLI::App* command, const char* name, const char* description,
                         std::function<void(absl::Duration)> set) {
  const auto parse = [name, set = std::move(set)](const std::string& text) {
    absl::Duration duration;
    if (!absl::ParseDuration(text, &duration) || duration < absl::ZeroDuration()) {
      throw CLI::ValidationError(
          name, absl::StrCat("expected a duration such as 500ms or 10s, found ", text));
    }
    set(duration);
  };
  return command->add_option_function<std::string>(name, parse, description)->type_name("DURATION");
}

void AddPace(CLI::App* command, LoadFlags* flags) {
  CLI::Option_group* pace = command->add_option_group("Pace", "How fast; exactly one of them");
  pace->require_option(1);
  pace->add_option("--rate", flags->rate, "Calls a second")
      ->type_name("R")
      ->check(CLI::Range(0.001, 1e6));
  CLI::Option* stages = pace->add_option_function<std::string>(
      "--stages",
      [flags](const std::string& text) { flags->stages = OrThrow("--stages", ParseStages(text)); },
      "Rates one after another: 200@10s,1000@30s,200@10s");
  stages->type_name("R@DURATION,...");
  CLI::Option* ramp = pace->add_option_function<std::string>(
      "--ramp",
      [flags](const std::string& text) { flags->stages = {OrThrow("--ramp", ParseRamp(text))}; },
      "A rate that grows or falls: 100:2000@60s");
  ramp->type_name("FROM:TO@DURATION");
  CLI::Option* concurrency =
      pace->add_option("--concurrency", flags->concurrency,
                       "A closed loop: as fast as so many calls in flight are answered");
  concurrency->type_name("N")->check(CLI::Range(1, 100'000));
  AddDuration(command, "--duration", "How long; 10s, or until --requests are sent",
              [flags](absl::Duration duration) { flags->duration = duration; })
      ->excludes(stages)
      ->excludes(ramp);
  command->add_option("--requests", flags->requests, "Stop after so many calls")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  command->add_flag("--poisson", flags->poisson, "Random starts, as of many users; else even ones")
      ->excludes(concurrency);
  command
      ->add_option("--max-in-flight", flags->max_in_flight,
                   "Hold calls back beyond so many; they are timed nevertheless; 0: no limit")
      ->type_name("N")
      ->excludes(concurrency)
      ->capture_default_str();
}

void AddContent(CLI::App* command, LoadFlags* flags) {
  command
      ->add_option_function<std::string>(
          "--mix",
          [flags](const std::string& text) {
            flags->weights = OrThrow("--mix", ParseMix(text));
            flags->mix = text;
          },
          "Weights of the kinds of calls: classify=70,batch=10,stream=10,tokenize=5,info=5")
      ->type_name("KIND=WEIGHT,...")
      ->default_str(flags->mix);
  command->add_option("--batch-size", flags->batch_size, "Texts of one batch")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  CLI::Option* file =
      command->add_option("-f,--file", flags->file, "Texts, one a line; else built-in sentences");
  file->type_name("FILE")->check(CLI::ExistingFile);
  command
      ->add_option("--token-counts", flags->token_counts,
                   "Numbers, one a line: texts of so many words")
      ->type_name("FILE")
      ->check(CLI::ExistingFile)
      ->excludes(file);
  command
      ->add_option("--check", flags->check,
                   "What `verdict classify --json` writes for the file: replies must be the same")
      ->type_name("FILE")
      ->check(CLI::ExistingFile)
      ->needs(file);
  command->add_option("--bad-percent", flags->bad_percent, "Calls that must be refused")
      ->type_name("P")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  command->add_option("--cancel-percent", flags->cancel_percent, "Calls that are cancelled")
      ->type_name("P")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  AddDuration(command, "--cancel-after", "how long after their start",
              [flags](absl::Duration duration) { flags->cancel_after = duration; })
      ->default_str(absl::FormatDuration(flags->cancel_after));
  command->add_option("--seed", flags->seed, "The same seed, the same load")
      ->type_name("N")
      ->capture_default_str();
}

void AddResults(CLI::App* command, LoadFlags* flags) {
  command->add_option("--json", flags->json, "Write all figures as JSON; - is standard output")
      ->type_name("FILE");
  command->add_option("--report", flags->report, "Write a page with plots")->type_name("FILE.html");
  command->add_flag("--quiet", flags->quiet, "Say nothing but errors");
}

}  // namespace

absl::Duration LoadFlags::fixed_duration() const {
  if (duration) return *duration;
  return requests ? absl::InfiniteDuration() : absl::Seconds(10);
}

void AddLoadFlags(CLI::App* command, LoadFlags* flags) {
  command->footer(kFooter);
  AddPace(command, flags);
  AddContent(command, flags);
  AddResults(command, flags);
  command->add_option("--connections", flags->connections, "Connections that calls take in turn")
      ->type_name("N")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  AddConnectionFlags(command, &flags->connection);
}

}  // namespace verdict
