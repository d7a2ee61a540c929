#include "tests/server/verdictd_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace verdict {
namespace {

// The value of `name=` in a line of the log.
std::string Field(const std::string& line, const std::string& name) {
  const size_t begin = line.find(absl::StrCat(" ", name, "="));
  if (begin == std::string::npos) return "";
  const size_t value = begin + name.size() + 2;
  return line.substr(value, line.find(' ', value) - value);
}

}  // namespace

VerdictdProcess::VerdictdProcess(std::vector<std::string> arguments) {
  std::vector<std::string> all = {VERDICT_VERDICTD, "--grpc-address=127.0.0.1:0",
                                  "--http-address=127.0.0.1:0"};
  for (const std::string& argument : arguments) {
    // An option that is given twice is an error.
    const std::string option = argument.substr(0, argument.find('='));
    std::erase_if(all, [&](const std::string& given) { return given.starts_with(option + "="); });
  }
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& argument : all) argv.push_back(argument.data());
  argv.push_back(nullptr);

  int pipe_ends[2];
  EXPECT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDERR_FILENO);
  EXPECT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  stderr_ = pipe_ends[0];
}

VerdictdProcess::~VerdictdProcess() {
  if (pid_ > 0) {
    Signal(SIGKILL);
    Wait();
  }
  close(stderr_);
}

void VerdictdProcess::AwaitServing() {
  std::string line;
  while (ReadLine(&line)) {
    grpc_address_ = Field(line, "grpc");
    const std::string http = Field(line, "http");
    if (grpc_address_.empty() || http.empty()) continue;
    ASSERT_TRUE(absl::SimpleAtoi(http.substr(http.rfind(':') + 1), &http_port_)) << line;
    return;
  }
  FAIL() << "verdictd ended:\n" << log_;
}

int VerdictdProcess::grpc_port() const {
  int port = 0;
  EXPECT_TRUE(absl::SimpleAtoi(grpc_address_.substr(grpc_address_.rfind(':') + 1), &port));
  return port;
}

void VerdictdProcess::Signal(int signal) const { EXPECT_EQ(kill(pid_, signal), 0); }

int VerdictdProcess::Wait() {
  std::string line;
  while (ReadLine(&line)) {
  }
  return Reap();
}

void VerdictdProcess::StopReading() {
  // Of a pipe, the name of one end opens the other, too.
  const int write_end =
      open(absl::StrCat("/proc/self/fd/", stderr_).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(write_end, 0);
  while (write(write_end, "x", 1) == 1) {
  }
  EXPECT_EQ(errno, EAGAIN);
  close(write_end);
}

int VerdictdProcess::WaitUnread() { return Reap(); }

int VerdictdProcess::Reap() {
  int status = 0;
  EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool VerdictdProcess::ReadLine(std::string* line) {
  size_t end = 0;
  while ((end = unread_.find('\n')) == std::string::npos) {
    char bytes[4096];
    const ssize_t n = read(stderr_, bytes, sizeof(bytes));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    unread_.append(bytes, static_cast<size_t>(n));
    log_.append(bytes, static_cast<size_t>(n));
  }
  *line = unread_.substr(0, end);
  unread_.erase(0, end + 1);
  return true;
}

}  // namespace verdict
