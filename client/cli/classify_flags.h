// The options of `verdict classify`.
#ifndef VERDICT_CLIENT_CLI_CLASSIFY_FLAGS_H_
#define VERDICT_CLIENT_CLI_CLASSIFY_FLAGS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/input/text_reader.h"
#include "client/client_options.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

struct ClassifyFlags {
  // Patient: a file of texts can wait for a busy server.
  ClientOptions connection = {.attempts = 10};
  std::vector<std::string> texts;  // from the command line
  std::string file;                // that has texts; empty or "-": standard input
  InputFormat input_format = InputFormat::kText;
  TextFields fields;
  std::optional<std::string> text_pair;
  std::optional<uint32_t> top_k;
  v1::Activation activation = v1::ACTIVATION_UNSPECIFIED;
  v1::Truncation truncation = v1::TRUNCATION_UNSPECIFIED;
  bool logits = false;
  bool json = false;
  bool echo = false;
};

// Adds them to `command`; parsing fills `*flags`, which must outlive it.
void AddClassifyFlags(CLI::App* command, ClassifyFlags* flags);

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLI_CLASSIFY_FLAGS_H_
