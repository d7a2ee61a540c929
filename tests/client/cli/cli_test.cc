// What `verdict` says and does, command by command.
#include "tests/client/cli/cli_test.h"

#include <atomic>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST_F(CliTest, ClassifiesItsArguments) {
  const Finished run = Verdict("classify 'a fine film' 'a bad film'");
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_EQ(run.out,
            "POSITIVE\t0.750000\ta fine film\n"
            "NEGATIVE\t0.750000\ta bad film\n");
  EXPECT_EQ(run.err, "");
}

TEST_F(CliTest, ClassifiesTheLinesOfStandardInput) {
  for (const char* command : {"classify", "classify --file -", "classify -f in </dev/null"}) {
    const Finished run = Verdict(command, "fine\r\nbad\nno line feed at the end");
    EXPECT_EQ(run.exit_status, 0) << run.err;
    EXPECT_EQ(run.out,
              "POSITIVE\t0.750000\tfine\n"
              "NEGATIVE\t0.750000\tbad\n"
              "POSITIVE\t0.750000\tno line feed at the end\n");
  }
}

TEST_F(CliTest, ManyLinesKeepTheirOrder) {
  std::string input;
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    absl::StrAppend(&input, i % 3 == 0 ? "bad " : "fine ", i, "\n");
    absl::StrAppend(&expected,
                    i % 3 == 0 ? "NEGATIVE\t0.750000\tbad " : "POSITIVE\t0.750000\tfine ", i, "\n");
  }
  Write("many", input);
  for (const char* command :
       {"classify --file many", "classify <many", "--version; cat many | verdict classify"}) {
    const Finished run = Verdict(command);
    EXPECT_EQ(run.exit_status, 0) << run.err;
    EXPECT_THAT(run.out, ::testing::EndsWith(expected)) << command;
  }
}

TEST_F(CliTest, AnswersALineBeforeTheNextIsWritten) {
  const Finished run = ClassifyLineByLine("", "echo fine", "echo bad");
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_EQ(run.err, "POSITIVE\t0.750000\tfine\nNEGATIVE\t0.750000\tbad\n");
}

TEST_F(CliTest, AFailedLineKeepsItsPlaceAndIsNamed) {
  const Finished run = Verdict("classify", "fine\n\nbad\n");
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_EQ(run.out,
            "POSITIVE\t0.750000\tfine\n"
            "-\t-\t\n"
            "NEGATIVE\t0.750000\tbad\n");
  EXPECT_EQ(run.err, "verdict: line 2: text is empty\n");
  EXPECT_EQ(Verdict("classify fine ''").err, "verdict: text 2: text is empty\n");
}

TEST_F(CliTest, JsonIsOneObjectALine) {
  const Finished run = Verdict("classify --json --logits", "fine\n\n");
  EXPECT_EQ(run.exit_status, 1);
  const std::vector<std::string> lines = absl::StrSplit(run.out, '\n');
  ASSERT_THAT(lines, SizeIs(3));
  const auto first = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(first["label"], "POSITIVE");
  EXPECT_EQ(first["score"], 0.75);
  EXPECT_THAT(first["scores"], SizeIs(2));
  EXPECT_EQ(first["logits"], nlohmann::json({1.5}));
  EXPECT_EQ(nlohmann::json::parse(lines[1])["error"]["code"], 3);
}

TEST_F(CliTest, OptionsReachTheServer) {
  const Finished run = Verdict(
      "classify --top-k 2 --activation sigmoid --truncation head-tail --pair second 'a fine film'");
  EXPECT_EQ(run.out, "POSITIVE\t0.750000\tNEGATIVE\t0.250000\ta fine film\n") << run.err;
  ASSERT_THAT(service_.batches(), SizeIs(1));
  const v1::ClassifyBatchRequest request = service_.batches()[0];
  EXPECT_EQ(request.options().activation(), v1::SIGMOID);
  EXPECT_EQ(request.options().truncation(), v1::HEAD_TAIL);
  EXPECT_EQ(request.inputs(0).text_pair(), "second");
}

TEST_F(CliTest, AWordIsTakenInAnyCase) {
  EXPECT_EQ(Verdict("classify --activation Sigmoid --truncation HEAD_TAIL fine").err, "");
  ASSERT_THAT(service_.batches(), SizeIs(1));
  EXPECT_EQ(service_.batches()[0].options().activation(), v1::SIGMOID);
  EXPECT_EQ(service_.batches()[0].options().truncation(), v1::HEAD_TAIL);
}

TEST_F(CliTest, SaysWhenTextsWereTruncated) {
  const Finished run = Verdict("classify 'a long film' fine");
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_EQ(
      run.err,
      "verdict: 1 of 2 texts were longer than the model takes: their labels speak for a part\n");
}

TEST_F(CliTest, AServerThatCannotBeReachedIsStatusThree) {
  for (const char* command : {"classify fine --attempts 5", "tokenize word", "info", "health"}) {
    const Finished run = Verdict(absl::StrCat(command, " --server 127.0.0.1:1"));
    EXPECT_EQ(run.exit_status, 3) << command;
    EXPECT_THAT(
        run.err,
        AllOf(HasSubstr("verdict: server 127.0.0.1:1: UNAVAILABLE: "),
              HasSubstr("is verdictd running there? --server or VERDICT_SERVER says where")))
        << command;
    EXPECT_EQ(run.out, "");
  }
}

TEST_F(CliTest, AServerThatFailsMidwayLeavesTheAnswersSoFar) {
  std::atomic<int> calls = 0;
  service_.before = [&](auto) {
    return ++calls > 1 ? grpc::Status(grpc::UNAVAILABLE, "draining") : grpc::Status::OK;
  };
  // The second line comes when the first is answered.
  const Finished run = Verdict(
      "--version >/dev/null; mkfifo answers;"
      " { exec 3<>answers; echo fine; read a <&3; echo \"$a\" >&2; echo bad; }"
      " | '" VERDICT_BINARY "' classify >answers");
  EXPECT_EQ(run.exit_status, 3);
  EXPECT_THAT(run.err, AllOf(StartsWith("POSITIVE\t0.750000\tfine\n"), HasSubstr("draining")));
}

TEST_F(CliTest, WrongUsageIsStatusTwo) {
  for (const char* command :
       {"", "clasify", "classify --file absent", "classify --file in text", "classify --logits x",
        "classify --activation relu x", "classify --timeout soon x", "classify --timeout=-1s x",
        "classify --top-k -1 x", "classify --attempts 0 x", "info --server localhost", "tokenize",
        "info --what", "load"}) {
    const Finished run = Verdict(command);
    EXPECT_EQ(run.exit_status, 2) << command;
    EXPECT_NE(run.err, "") << command;
    EXPECT_EQ(run.out, "") << command;
  }
  EXPECT_THAT(service_.batches(), SizeIs(0));
}

TEST_F(CliTest, AWrongConnectionIsNamedBeforeAnythingIsSent) {
  Write("text", "no certificate");
  Write("empty", "");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"--tls-ca absent", "verdict: tls_ca absent: No such file or directory\n"},
      {"--tls-ca text", "verdict: tls_ca text: expected certificates in PEM\n"},
      {"--tls-cert text", "verdict: tls_cert, tls_key and tls_server_name need tls_ca"},
      {"--token-file .", "verdict: token_file .: is a directory\n"},
      {"--token-file empty", "verdict: token_file empty: expected a token"},
      {"--server one:1,two:1", "verdict: server is a list with the name \"one:1\""},
  };
  for (const auto& [flags, message] : cases) {
    for (const char* command : {"classify x ", "tokenize x ", "info "}) {
      const Finished run = Verdict(command + flags);
      EXPECT_EQ(run.exit_status, 2) << command << flags;
      EXPECT_THAT(run.err, StartsWith(message)) << command << flags;
      EXPECT_EQ(run.out, "");
    }
  }
}

TEST_F(CliTest, ShowsItsToken) {
  service_.before = [](grpc::ServerContext* context) {
    const auto& metadata = context->client_metadata();
    const auto token = metadata.find("authorization");
    return token != metadata.end() && token->second == "Bearer secret"
               ? grpc::Status::OK
               : grpc::Status(grpc::UNAUTHENTICATED, "no token");
  };
  Write("token", "secret\n");
  EXPECT_EQ(Verdict("info").exit_status, 3);
  EXPECT_EQ(Verdict("info --token-file token").err, "");
  EXPECT_EQ(Verdict("--version; export VERDICT_CLIENT_TOKEN_FILE=token; verdict info").err, "");
}

// A container has the server's variables, too: VERDICT_TLS_CERT is the server's certificate.
TEST_F(CliTest, TheServersVariablesMeanNothingToTheClient) {
  const Finished run = Verdict(
      "--version; export VERDICT_TLS_CERT=/tls/tls.crt VERDICT_TLS_KEY=/tls/tls.key "
      "VERDICT_THREADS=2 VERDICT_LOG_FORMAT=json VERDICT_CLIENT_SERVICE_HOST=10.0.0.1; verdict "
      "info");
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_EQ(run.err, "");
}

// To go on without TLS or a token, as if it were not there, would be worse than to stop.
TEST_F(CliTest, AVariableOfFormerTimesIsRefusedWithItsNewName) {
  for (const char* name :
       {"TLS_CA", "TLS_SERVER_NAME", "TOKEN_FILE", "TIMEOUT", "WAIT", "ATTEMPTS"}) {
    const Finished run =
        Verdict(absl::StrCat("--version; export VERDICT_", name, "=1; verdict info"));
    EXPECT_EQ(run.exit_status, 2) << name;
    EXPECT_THAT(run.err, HasSubstr(absl::StrCat("set VERDICT_CLIENT_", name, " instead"))) << name;
  }
  EXPECT_EQ(Verdict("--version; export VERDICT_TIMEOUT=1s VERDICT_CLIENT_TIMEOUT=9s; verdict info")
                .exit_status,
            0);
  EXPECT_EQ(Verdict("--version; export VERDICT_TIMEOUT=1s; verdict info --timeout 9s").exit_status,
            0);
  EXPECT_EQ(Verdict("--version; export VERDICT_TIMEOUT=1s; verdict info --help").exit_status, 0);
}

TEST_F(CliTest, AVariableIsTrimmedAndABadOneNamed) {
  const auto info = [this](const std::string& variable) {
    return Verdict("--version; export VERDICT_CLIENT_" + variable + "; verdict info");
  };
  EXPECT_EQ(info("TIMEOUT=\"9s\n\" VERDICT_SERVER=\"$VERDICT_SERVER\n\"").err, "");
  EXPECT_THAT(info("TIMEOUT=soon").err, StartsWith("verdict: VERDICT_CLIENT_TIMEOUT: expected"));
  EXPECT_EQ(info("TIMEOUT=soon").exit_status, 2);
  EXPECT_THAT(info("TLS_CA=absent").err,
              HasSubstr("the environment has VERDICT_CLIENT_TLS_CA=absent"));
  const Finished unknown = info("TLSCA=absent");
  EXPECT_EQ(unknown.exit_status, 0);
  EXPECT_THAT(unknown.err, HasSubstr("VERDICT_CLIENT_TLSCA means nothing; the nearest name is "
                                     "VERDICT_CLIENT_TLS_CA"));
}

TEST_F(CliTest, AWordThatIsNoCommandIsNamed) {
  for (const char* command : {"clasify", "clasify x", "--what clasify --json"}) {
    const Finished run = Verdict(command);
    EXPECT_EQ(run.exit_status, 2) << command;
    EXPECT_EQ(
        run.err,
        "verdict: no command 'clasify'; the commands are classify, tokenize, info, health, load, "
        "help, version\n");
    EXPECT_EQ(run.out, "") << command;
  }
}

TEST_F(CliTest, HelpIsNotAnError) {
  EXPECT_THAT(Verdict("--help").out, HasSubstr("classify"));
  const Finished run = Verdict("classify --help");
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_THAT(run.out, AllOf(HasSubstr("Exit status"), HasSubstr("VERDICT_SERVER")));
}

TEST_F(CliTest, HelpAndVersionAreCommandsToo) {
  EXPECT_EQ(Verdict("help").out, Verdict("--help").out);
  for (const char* command : {"classify", "tokenize", "info", "health", "load", "version"}) {
    EXPECT_EQ(Verdict(absl::StrCat("help ", command)).out,
              Verdict(absl::StrCat(command, " --help")).out);
  }
  EXPECT_EQ(Verdict("version").out, Verdict("--version").out);
  // Whoever asks is not kept waiting for an environment without faults.
  EXPECT_EQ(Verdict("--version; export VERDICT_TIMEOUT=1s; verdict help").exit_status, 0);
  const Finished unknown = Verdict("help clasify");
  EXPECT_EQ(unknown.exit_status, 2);
  EXPECT_THAT(unknown.err, StartsWith("verdict: no command 'clasify'; the commands are"));
}

TEST_F(CliTest, AWrongAddressIsToldBeforeItIsTriedAgain) {
  for (const char* command : {"classify fine", "tokenize word", "info"}) {
    const Finished run = Verdict(absl::StrCat(command, " --attempts 5 --server 127.0.0.1:1"));
    EXPECT_THAT(run.err, StartsWith("verdict: 127.0.0.1:1: connection refused; trying again, 5 "
                                    "times at most within 10s (--attempts, --timeout)\n"));
  }
  const Finished waiting = Verdict("health --wait --timeout 300ms --server 127.0.0.1:1");
  EXPECT_THAT(waiting.err, StartsWith("verdict: 127.0.0.1:1: connection refused; waiting for it "
                                      "until 300ms have passed (--wait, --timeout)\n"));
  EXPECT_THAT(waiting.err, HasSubstr("--timeout or VERDICT_CLIENT_TIMEOUT allows more time"));
  EXPECT_THAT(Verdict("--version; VERDICT_SERVER=127.0.0.1:1 verdict health").err,
              HasSubstr("(this is VERDICT_SERVER's)"));
}

TEST_F(CliTest, EndsQuietlyWhenItsReaderDoes) {
  std::string input;
  for (int i = 0; i < 20'000; ++i) absl::StrAppend(&input, "a fine film\n");
  Write("many", input);
  const Finished run = Verdict("classify --file many | head -n 1");
  EXPECT_EQ(run.out, "POSITIVE\t0.750000\ta fine film\n");
  EXPECT_EQ(run.err, "");
  // It stopped early: the rest was never sent.
  EXPECT_LT(service_.batches().size(), 20'000 / 32);
}

TEST_F(CliTest, AFullDiskIsAnError) {
  const Finished run = Verdict("classify fine >/dev/full");
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_THAT(run.err, HasSubstr("cannot write to standard output"));
}

TEST_F(CliTest, TokenizePrintsIdRangeAndToken) {
  EXPECT_EQ(Verdict("tokenize word").out, "101\t0\t0\t[CLS]\n7\t0\t4\tword\n102\t0\t0\t[SEP]\n");
  EXPECT_EQ(Verdict("tokenize --no-special-tokens word").out, "7\t0\t4\tword\n");
  const auto json = nlohmann::json::parse(Verdict("tokenize --json word").out);
  EXPECT_EQ(json["tokens"][1]["text"], "word");
}

TEST_F(CliTest, HealthTellsWhetherTheServerServes) {
  Finished run = Verdict("health");
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_EQ(run.out, "SERVING\n");
  service_.SetServing(false);
  run = Verdict("health");
  EXPECT_EQ(run.exit_status, 1) << run.err;
  EXPECT_EQ(run.out, "NOT_SERVING\n");
}

TEST_F(CliTest, InfoDescribesTheModel) {
  EXPECT_THAT(Verdict("info").out,
              AllOf(HasSubstr("name\tfake\n"), HasSubstr("labels\tNEGATIVE, POSITIVE\n")));
  EXPECT_EQ(nlohmann::json::parse(Verdict("info --json").out)["maxTokens"], 512);
}

}  // namespace
}  // namespace verdict
