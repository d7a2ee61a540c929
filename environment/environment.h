// How both programs read the variables of the environment. verdictd's begin with VERDICT_, the
// client's with VERDICT_CLIENT_, but for VERDICT_SERVER: a container has both, and no name means
// two things.
#ifndef VERDICT_ENVIRONMENT_ENVIRONMENT_H_
#define VERDICT_ENVIRONMENT_ENVIRONMENT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace verdict {

// An option, and the variable that stands for it where the command line leaves it out.
struct OptionVariable {
  std::string option;  // "--max-inputs"
  std::string variable;
};

// A variable that nobody reads, and the name that is most like it.
struct UnknownVariable {
  std::string name;
  std::string nearest;
};

// Takes white space off both ends of the variables' values, as what comes from a file or a Secret
// often ends in a line end. Changes the environment: to be called while there is one thread.
void TrimVariables(const std::vector<OptionVariable>& variables);

// Whether a variable is set, and not to nothing.
bool IsSet(const std::string& variable);

// Whether the command line has the option.
bool IsGiven(absl::string_view option, int argc, const char* const* argv);

// `message`, which begins with an option if it is about its value; with the variable instead, if
// the value came from there.
std::string NameVariable(absl::string_view message, const std::vector<OptionVariable>& variables,
                         int argc, const char* const* argv);

// The variables of the environment that begin with `prefix` and are not among `known`, in
// alphabetical order. Those that Kubernetes sets for Services are left out.
std::vector<UnknownVariable> UnknownVariables(absl::string_view prefix,
                                              const std::vector<OptionVariable>& known);

// Whether Kubernetes gives this name to a variable of a Service whose name begins with `verdict`:
// VERDICT_SERVICE_HOST, VERDICT_PORT_50051_TCP_ADDR. None of our options has such a name.
bool IsServiceVariable(absl::string_view name);

}  // namespace verdict

#endif  // VERDICT_ENVIRONMENT_ENVIRONMENT_H_
