// How `verdict` tells a script what happened.
#ifndef VERDICT_CLIENT_CLI_EXIT_STATUS_H_
#define VERDICT_CLIENT_CLI_EXIT_STATUS_H_

namespace verdict {

enum ExitStatus {
  kDone = 0,
  kSomeFailed = 1,    // at least one text, or the output, failed; health: it does not serve
  kWrongUsage = 2,    // nothing was sent
  kServerFailed = 3,  // it cannot be reached, failed, or took too long
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLI_EXIT_STATUS_H_
