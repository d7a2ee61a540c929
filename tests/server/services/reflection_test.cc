#include "server/services/reflection.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "grpc/reflection/v1/reflection.pb.h"
#include "verdict/unchecked/v1/classifier.pb.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr int kInvalidArgument = 3;
constexpr int kNotFound = 5;
constexpr char kContract[] = "verdict/v1/classifier.proto";

std::vector<std::string> Files(const Reflection::Response& response) {
  std::vector<std::string> names;
  for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(file.ParseFromString(bytes));
    names.push_back(file.name());
  }
  return names;
}

class ReflectionTest : public ::testing::Test {
 protected:
  Reflection::Response AskForSymbol(const std::string& symbol) const {
    Reflection::Request request;
    request.set_file_containing_symbol(symbol);
    return reflection_.Answer(request);
  }

  Reflection::Response AskForFile(const std::string& name) const {
    Reflection::Request request;
    request.set_file_by_filename(name);
    return reflection_.Answer(request);
  }

  const Reflection reflection_{{v1::ClassifyRequest::descriptor()->file()->service(0)->full_name(),
                                Reflection::ServiceNames()[1]}};
};

TEST_F(ReflectionTest, HasBothNames) {
  EXPECT_THAT(Reflection::ServiceNames(), ElementsAre("grpc.reflection.v1.ServerReflection",
                                                      "grpc.reflection.v1alpha.ServerReflection"));
}

TEST_F(ReflectionTest, ListsTheServices) {
  Reflection::Request request;
  request.set_host("somewhere");
  request.set_list_services("");
  const Reflection::Response response = reflection_.Answer(request);
  ASSERT_EQ(response.list_services_response().service_size(), 2);
  EXPECT_EQ(response.list_services_response().service(0).name(), "verdict.v1.Classifier");
  EXPECT_EQ(response.valid_host(), "somewhere");
  EXPECT_EQ(response.original_request().SerializeAsString(), request.SerializeAsString());
}

TEST_F(ReflectionTest, AFileComesWithAllThatItImports) {
  EXPECT_THAT(Files(AskForFile(kContract)),
              UnorderedElementsAre(kContract, "google/protobuf/duration.proto"));
}

TEST_F(ReflectionTest, AnySymbolOfAServicesFileIsFound) {
  for (const char* symbol : {"verdict.v1.Classifier", "verdict.v1.Classifier.Classify",
                             "verdict.v1.ClassifyRequest", "verdict.v1.ClassifyRequest.input"}) {
    EXPECT_THAT(Files(AskForSymbol(symbol)), Contains(kContract)) << symbol;
  }
  EXPECT_THAT(Files(AskForSymbol("google.protobuf.Duration")),
              ElementsAre("google/protobuf/duration.proto"));
  EXPECT_THAT(Files(AskForSymbol("grpc.reflection.v1alpha.ServerReflection")),
              ElementsAre("grpc/reflection/v1alpha/reflection.proto"));
}

TEST_F(ReflectionTest, AnUnknownSymbolIsAnErrorWithItsName) {
  EXPECT_EQ(AskForSymbol("verdict.v1.Nothing").error_response().error_code(), kNotFound);
  EXPECT_THAT(AskForSymbol("verdict.v1.Nothing").error_response().error_message(),
              HasSubstr("symbol verdict.v1.Nothing"));
  EXPECT_EQ(AskForFile("nothing.proto").error_response().error_code(), kNotFound);
  EXPECT_THAT(AskForFile("nothing.proto").error_response().error_message(),
              HasSubstr("file nothing.proto"));
  EXPECT_EQ(AskForSymbol("").error_response().error_code(), kNotFound);
}

TEST_F(ReflectionTest, FilesOfNoServiceAreNotTold) {
  const std::string& internal = unchecked::v1::Input::descriptor()->file()->name();
  EXPECT_EQ(AskForFile(internal).error_response().error_code(), kNotFound);
  EXPECT_EQ(AskForSymbol("verdict.unchecked.v1.Input").error_response().error_code(), kNotFound);
}

TEST_F(ReflectionTest, ThereAreNoExtensions) {
  Reflection::Request request;
  request.mutable_file_containing_extension()->set_containing_type("verdict.v1.Input");
  request.mutable_file_containing_extension()->set_extension_number(100);
  EXPECT_EQ(reflection_.Answer(request).error_response().error_code(), kNotFound);

  request.set_all_extension_numbers_of_type("verdict.v1.Input");
  const Reflection::Response response = reflection_.Answer(request);
  EXPECT_EQ(response.all_extension_numbers_response().base_type_name(), "verdict.v1.Input");
  EXPECT_EQ(response.all_extension_numbers_response().extension_number_size(), 0);

  request.set_all_extension_numbers_of_type("nothing");
  EXPECT_EQ(reflection_.Answer(request).error_response().error_code(), kNotFound);
}

TEST_F(ReflectionTest, ARequestForNothingIsAnError) {
  EXPECT_EQ(reflection_.Answer({}).error_response().error_code(), kInvalidArgument);
}

}  // namespace
}  // namespace verdict
