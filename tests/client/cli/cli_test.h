// The real `verdict`, run against a service in this process.
#ifndef VERDICT_TESTS_CLIENT_CLI_CLI_TEST_H_
#define VERDICT_TESTS_CLIENT_CLI_CLI_TEST_H_

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/client/fake_classifier.h"

namespace verdict {

struct Finished {
  int exit_status = -1;
  std::string out;
  std::string err;
};

class CliTest : public ::testing::Test {
 protected:
  CliTest() { std::filesystem::create_directories(folder_); }
  ~CliTest() override { std::filesystem::remove_all(folder_); }

  // Runs `verdict COMMAND` in a shell, so that COMMAND may quote, redirect and pipe. The server of
  // this test is in $VERDICT_SERVER.
  Finished Verdict(const std::string& command, const std::string& input = "") {
    Write("in", input);
    const std::string script = absl::StrCat(
        "export VERDICT_SERVER=", service_.address(), "; verdict() { '", VERDICT_BINARY,
        "' \"$@\"; }; cd '", folder_, "'; { verdict ", command, "; } <in >out 2>err");
    const int status = std::system(script.c_str());
    EXPECT_TRUE(WIFEXITED(status));
    return {.exit_status = WEXITSTATUS(status), .out = Read("out"), .err = Read("err")};
  }

  // Runs `verdict classify ARGUMENTS` for a writer that waits for the answer to each line before it
  // writes the next: first what `first` prints, then what `second` does. Its answers are in `err`;
  // only the time-out would end a verdict that waits for more.
  Finished ClassifyLineByLine(const std::string& arguments, const std::string& first,
                              const std::string& second) {
    return Verdict(absl::StrCat("--version >/dev/null; mkfifo answers; { exec 3<>answers; ", first,
                                "; read a <&3; ", second,
                                "; read b <&3; echo \"$a\" >&2; echo \"$b\" >&2; }"
                                " | timeout 20 '" VERDICT_BINARY "' classify ",
                                arguments, " >answers"));
  }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
  }
  std::string Read(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(folder_ + "/" + name, std::ios::binary).rdbuf();
    return text.str();
  }

  const std::string folder_ =
      absl::StrCat(::testing::TempDir(), "/cli.", getpid(), ".",
                   ::testing::UnitTest::GetInstance()->current_test_info()->name());
  FakeClassifier service_;
};

}  // namespace verdict

#endif  // VERDICT_TESTS_CLIENT_CLI_CLI_TEST_H_
