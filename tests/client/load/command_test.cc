// Runs the real `verdict load` against a service in this process.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_classifier.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

class LoadCommandTest : public ::testing::Test {
 protected:
  LoadCommandTest() { std::filesystem::create_directories(folder_); }
  ~LoadCommandTest() override { std::filesystem::remove_all(folder_); }

  // Runs `verdict load ARGUMENTS` in the folder of this test; the exit status.
  int Load(const std::string& arguments) {
    const std::string script =
        absl::StrCat("cd '", folder_, "'; VERDICT_SERVER=", service_.address(), " '",
                     VERDICT_BINARY, "' load --timeout 20s ", arguments, " >out 2>err");
    const int status = std::system(script.c_str());
    EXPECT_TRUE(WIFEXITED(status));
    return WEXITSTATUS(status);
  }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
  }
  std::string Read(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(folder_ + "/" + name).rdbuf();
    return text.str();
  }

  const std::string folder_ =
      absl::StrCat(::testing::TempDir(), "/load.", getpid(), ".",
                   ::testing::UnitTest::GetInstance()->current_test_info()->name());
  FakeClassifier service_;
};

TEST_F(LoadCommandTest, WritesAllFiguresAsJson) {
  ASSERT_EQ(Load("--stages 100@200ms,300@200ms --json -"), 0) << Read("err");
  const auto json = nlohmann::json::parse(Read("out"));
  EXPECT_EQ(json["summary"]["started"], 80);
  EXPECT_EQ(json["summary"]["codes"]["OK"], 80);
  EXPECT_EQ(json["stages"][0]["started"], 20);
  EXPECT_EQ(json["stages"][1]["started"], 60);
  EXPECT_EQ(json["stages"][1]["rate"], 300);
  EXPECT_EQ(json["series"][0]["started"], 80);
  EXPECT_EQ(json["options"]["timeout"], "20s");
  EXPECT_EQ(json["subject"]["model"], "fake");
  EXPECT_EQ(Read("err"), "") << "no display without a terminal";
}

TEST_F(LoadCommandTest, TellsPeopleASummary) {
  ASSERT_EQ(Load("--concurrency 2 --requests 50 --report page.html"), 0) << Read("err");
  EXPECT_THAT(Read("out"), HasSubstr("50 requests in "));
  EXPECT_THAT(Read("page.html"), HasSubstr("</html>"));
  ASSERT_EQ(Load("--concurrency 2 --requests 50 --quiet"), 0);
  EXPECT_EQ(Read("out"), "");
}

TEST_F(LoadCommandTest, AReplyThatIsNotExpectedIsStatusOne) {
  Write("texts", "fine\nbad\n");
  const std::string fine = "{\"label\":\"POSITIVE\",\"score\":0.75}\n";
  const std::string bad = "{\"label\":\"NEGATIVE\",\"score\":0.75}\n";
  Write("right", fine + bad);
  Write("wrong", fine + fine);
  const std::string load = "--rate 1000 --requests 40 --mix classify=1,batch=1,stream=1 ";
  EXPECT_EQ(Load(load + "--file texts --check right"), 0) << Read("err");
  EXPECT_EQ(Load(load + "--file texts --check wrong --json -"), 1);
  EXPECT_GT(nlohmann::json::parse(Read("out"))["summary"]["wrong_replies"], 0);
}

TEST_F(LoadCommandTest, WrongUsageIsStatusTwo) {
  Write("texts", "fine\n");
  for (const char* arguments :
       {"", "--rate 1 --concurrency 1", "--rate 0", "--rate many", "--stages 1", "--ramp 1@1s",
        "--rate 1 --mix relu=1", "--rate 1 --duration soon", "--stages 1@1s --duration 1s",
        "--rate 1 --file absent", "--rate 1 --check texts", "--rate 1 --file texts --check texts",
        "--rate 1 --file texts --token-counts texts", "--rate 1 --token-counts texts",
        "--rate 1 --bad-percent 101", "--concurrency 1 --poisson", "--rate 1 --requests 0"}) {
    EXPECT_EQ(Load(arguments), 2) << arguments;
    EXPECT_NE(Read("err"), "") << arguments;
    EXPECT_EQ(Read("out"), "") << arguments;
  }
}

TEST_F(LoadCommandTest, AServerThatDoesNotSayItsModelIsMeasuredNevertheless) {
  std::atomic<int> calls = 0;
  service_.before = [&calls](auto) {
    return calls++ == 0 ? grpc::Status(grpc::PERMISSION_DENIED, "secret") : grpc::Status::OK;
  };
  ASSERT_EQ(Load("--concurrency 1 --requests 5 --json -"), 0) << Read("err");
  EXPECT_EQ(Read("err"), "verdict: the report cannot say the model: secret\n");
  const auto json = nlohmann::json::parse(Read("out"));
  EXPECT_TRUE(json["subject"]["model"].is_null());
  EXPECT_EQ(json["summary"]["requests"]["ok"], 5);
}

TEST_F(LoadCommandTest, ASignalEndsItEarlyAndItsFiguresAreStillTold) {
  std::atomic<int> calls = 0;
  service_.before = [&](auto) {
    // The first asks for the model, the second is the load's.
    if (++calls != 2) return grpc::Status::OK;
    std::string process;
    while (process = Read("pid"), process.empty()) std::this_thread::yield();
    kill(std::stoi(process), SIGTERM);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Load("--concurrency 1 --duration 1h --json - >out 2>err & echo $! >pid; wait $! #"), 0);
  EXPECT_GT(nlohmann::json::parse(Read("out"))["summary"]["requests"]["ok"], 0);
}

TEST_F(LoadCommandTest, NoServerIsStatusThree) {
  EXPECT_EQ(Load("--rate 1 --server 127.0.0.1:1"), 3);
  EXPECT_THAT(Read("err"), HasSubstr("UNAVAILABLE"));
}

}  // namespace
}  // namespace verdict
