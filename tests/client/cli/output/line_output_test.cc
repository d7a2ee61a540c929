#include "client/cli/output/line_output.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

class LineOutputTest : public ::testing::Test {
 protected:
  LineOutputTest() { EXPECT_EQ(pipe2(ends_, O_CLOEXEC), 0); }
  ~LineOutputTest() override {
    close(ends_[0]);
    if (ends_[1] >= 0) close(ends_[1]);
  }

  // What is in the pipe now.
  std::string Read() {
    std::string text;
    char buffer[65536];
    for (pollfd readable = {.fd = ends_[0], .events = POLLIN, .revents = 0};
         poll(&readable, 1, 0) == 1 && (readable.revents & POLLIN) != 0;) {
      text.append(buffer, static_cast<size_t>(read(ends_[0], buffer, sizeof(buffer))));
    }
    return text;
  }

  int ends_[2] = {-1, -1};  // to read from, and to write to
};

TEST_F(LineOutputTest, EveryWriteEndsInALineEnd) {
  LineOutput output(ends_[1]);
  std::string all;
  std::string expected;
  for (int i = 0; i < 500; ++i) {
    // Of all lengths, some beyond a whole piece.
    const std::string line(i % 50 == 49 ? LineOutput::kPiece + i : i, 'x');
    output.Add(line);
    absl::StrAppend(&expected, line, "\n");
    const std::string written = Read();
    EXPECT_TRUE(written.empty() || written.back() == '\n') << i;
    all += written;
  }
  output.Flush();
  EXPECT_EQ(all + Read(), expected);
  EXPECT_TRUE(output.status().ok());
}

TEST_F(LineOutputTest, NothingIsWrittenBeforeItMust) {
  LineOutput output(ends_[1]);
  output.Add("short");
  EXPECT_EQ(Read(), "");
  output.Flush();
  EXPECT_EQ(Read(), "short\n");
}

TEST_F(LineOutputTest, AFailedWriteIsTheLast) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  LineOutput output(full);
  output.Add("x");
  EXPECT_TRUE(output.status().ok());
  output.Flush();
  EXPECT_EQ(output.status().message(), "cannot write to standard output: No space left on device");
  close(full);
}

}  // namespace
}  // namespace verdict
