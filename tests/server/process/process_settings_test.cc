#include "server/process/process_settings.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

namespace verdict {
namespace {

// Whether `holds` does in a process of its own.
bool InAProcess(const std::function<bool()>& holds) {
  const pid_t child = fork();
  if (child == 0) _exit(holds() ? 0 : 1);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(ProcessSettingsTest, NoSocketBecomesStandardError) {
  EXPECT_TRUE(InAProcess([] {
    for (const int descriptor : {0, 1, 2}) close(descriptor);
    ConfigureProcess();
    for (const int descriptor : {0, 1, 2}) {
      struct stat about;
      if (fstat(descriptor, &about) != 0 || !S_ISCHR(about.st_mode)) return false;
    }
    return true;
  }));
}

TEST(ProcessSettingsTest, NobodySeesItsMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the leak checker must see it";
#endif
  EXPECT_TRUE(InAProcess([] {
    ConfigureProcess();
    rlimit core;
    getrlimit(RLIMIT_CORE, &core);
    return core.rlim_cur == 0 && core.rlim_max == 0 && prctl(PR_GET_DUMPABLE) == 0;
  }));
}

TEST(ProcessSettingsTest, AReaderOfTheLogWhoGoesAwayEndsNothing) {
  EXPECT_TRUE(InAProcess([] {
    ConfigureProcess();
    int ends[2];
    if (pipe(ends) != 0) return false;
    close(ends[0]);
    return write(ends[1], "x", 1) == -1;
  }));
}

}  // namespace
}  // namespace verdict
