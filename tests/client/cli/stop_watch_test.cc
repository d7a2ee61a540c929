// What signals do to the real `verdict classify`.
#include "client/cli/stop_watch.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/cli/cli_test.h"

namespace verdict {
namespace {

// A `verdict classify` that runs, with pipes to its standard input and output.
class RunningClassify {
 public:
  // Standard error goes to the file `err`. `ignored` is a signal that it inherits as ignored.
  RunningClassify(const std::string& server, const std::string& err, int ignored = 0) {
    int in[2];
    int out[2];
    EXPECT_EQ(pipe2(in, O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
    process_ = fork();
    if (process_ == 0) {
      dup2(in[0], STDIN_FILENO);
      dup2(out[1], STDOUT_FILENO);
      dup2(open(err.c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
      if (ignored != 0) std::signal(ignored, SIG_IGN);
      execl(VERDICT_BINARY, "verdict", "classify", "--server", server.c_str(), nullptr);
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    in_ = in[1];
    out_ = out[0];
  }
  ~RunningClassify() {
    close(in_);
    close(out_);
  }

  void Write(const std::string& text) {
    EXPECT_EQ(write(in_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void CloseInput() {
    close(in_);
    in_ = -1;
  }

  // Standard output up to the end of its next line, or of itself.
  std::string ReadLine() {
    std::string line;
    for (char byte = 0; byte != '\n' && read(out_, &byte, 1) == 1;) line.push_back(byte);
    return line;
  }

  void Kill(int signal) const { kill(process_, signal); }

  // How it ended, as a shell says it.
  int Wait() const {
    int status = 0;
    waitpid(process_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }

 private:
  pid_t process_;
  int in_;
  int out_;
};

class StopWatchTest : public CliTest {
 protected:
  // The service answers `calls` calls, and holds the others.
  void HoldAfter(int calls) {
    service_.before = [this, calls](auto) {
      if (++calls_ <= calls) return grpc::Status::OK;
      if (!held_.HasBeenNotified()) held_.Notify();
      release_.WaitForNotification();
      return grpc::Status::OK;
    };
  }
  ~StopWatchTest() override {
    if (!release_.HasBeenNotified()) release_.Notify();
  }

  const std::string err_ = folder_ + "/err";
  std::atomic<int> calls_ = 0;
  absl::Notification held_;  // a call is
  absl::Notification release_;
};

TEST_F(StopWatchTest, ASignalEndsItWithItsNumberAndSaysHowFarItCame) {
  const std::vector<std::pair<int, std::string>> signals = {{SIGINT, "SIGINT"},
                                                            {SIGTERM, "SIGTERM"}};
  for (const auto& [signal, name] : signals) {
    const std::string err = absl::StrCat(folder_, "/", name);
    RunningClassify verdict(service_.address(), err);
    verdict.Write("fine\n\nbad\n");
    EXPECT_EQ(verdict.ReadLine(), "POSITIVE\t0.750000\tfine\n");
    EXPECT_EQ(verdict.ReadLine(), "-\t-\t\n");
    EXPECT_EQ(verdict.ReadLine(), "NEGATIVE\t0.750000\tbad\n");
    verdict.Kill(signal);  // while it waits for input
    EXPECT_EQ(verdict.Wait(), 128 + signal);
    EXPECT_EQ(verdict.ReadLine(), "");
    EXPECT_EQ(Read(name), absl::StrCat("verdict: line 2: text is empty\nverdict: ended by ", name,
                                       ": 2 texts classified, 1 failed\n"));
  }
}

TEST_F(StopWatchTest, ItEndsInTheMiddleOfACall) {
  HoldAfter(1);
  RunningClassify verdict(service_.address(), err_);
  verdict.Write("fine\n");
  EXPECT_EQ(verdict.ReadLine(), "POSITIVE\t0.750000\tfine\n");
  verdict.Write("bad\n");
  held_.WaitForNotification();
  verdict.Kill(SIGINT);
  EXPECT_EQ(verdict.Wait(), 130);
  EXPECT_EQ(verdict.ReadLine(), "");
  EXPECT_EQ(Read("err"), "verdict: ended by SIGINT: 1 texts classified, 0 failed\n");
}

TEST_F(StopWatchTest, WhatWasAnsweredIsWrittenInWholeLines) {
  // Four calls of 32 texts are under way; a fifth is sent when the first has its answer printed.
  HoldAfter(4);
  RunningClassify verdict(service_.address(), err_);
  std::string texts;
  for (int i = 0; i < 400; ++i) absl::StrAppend(&texts, "a text of some length, fine ", i, "\n");
  verdict.Write(texts);
  verdict.CloseInput();
  held_.WaitForNotification();
  verdict.Kill(SIGTERM);
  EXPECT_EQ(verdict.Wait(), 143);
  int lines = 0;
  for (std::string line; !(line = verdict.ReadLine()).empty(); ++lines) {
    EXPECT_EQ(line, absl::StrCat("POSITIVE\t0.750000\ta text of some length, fine ", lines, "\n"));
  }
  EXPECT_GE(lines, 32);
  EXPECT_EQ(Read("err"),
            absl::StrCat("verdict: ended by SIGTERM: ", lines, " texts classified, 0 failed\n"));
}

// As a shell does to what runs in its background.
TEST_F(StopWatchTest, AnIgnoredSignalStaysIgnored) {
  RunningClassify verdict(service_.address(), err_, SIGINT);
  verdict.Write("fine\n");
  EXPECT_EQ(verdict.ReadLine(), "POSITIVE\t0.750000\tfine\n");
  verdict.Kill(SIGINT);
  verdict.Write("bad\n");
  EXPECT_EQ(verdict.ReadLine(), "NEGATIVE\t0.750000\tbad\n");
  verdict.CloseInput();
  EXPECT_EQ(verdict.Wait(), 0);
}

}  // namespace
}  // namespace verdict
