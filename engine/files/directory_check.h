// What a path that was given as a model's directory is instead, and what to do about it.
#ifndef VERDICT_ENGINE_FILES_DIRECTORY_CHECK_H_
#define VERDICT_ENGINE_FILES_DIRECTORY_CHECK_H_

#include <string>

#include "absl/status/status.h"

namespace verdict {

// Whether `directory` can be a model's: before its files are read, and without reading them.
//
// NOT_FOUND: it is not there, or has no config.json, as in the Hugging Face Hub's cache, where the
// models are further down. FAILED_PRECONDITION: it is a file, or holds a PEFT adapter. The message
// says the next step: the path to give, or the command to run.
absl::Status CheckModelDirectory(const std::string& directory);

// NOT_FOUND, for a directory without model.safetensors and its index: which weights in other
// formats it holds, and how to convert them.
absl::Status NoWeightsError(const std::string& directory);

}  // namespace verdict

#endif  // VERDICT_ENGINE_FILES_DIRECTORY_CHECK_H_
