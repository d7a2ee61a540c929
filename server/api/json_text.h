// Messages as JSON, and what is wrong with JSON that is none of them.
#ifndef VERDICT_SERVER_API_JSON_TEXT_H_
#define VERDICT_SERVER_API_JSON_TEXT_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace verdict {

// Reads `*message` from its JSON form, as proto3 defines it: fields may have both their names.
//
// INVALID_ARGUMENT: `json` is something else. The message, and the details, name the field; an
// unknown field is answered with the one that was probably meant, or all that there are, and an
// unknown word of an enum with those that it has.
absl::Status ReadJson(const std::string& json, google::protobuf::Message* message);

// The JSON form of `message`, on one line. Fields of no message have their values, even if those
// are the defaults: a script that reads `.score` wants 0, not nothing.
//
// INTERNAL: it has none.
absl::StatusOr<std::string> WriteJson(const google::protobuf::Message& message);

}  // namespace verdict

#endif  // VERDICT_SERVER_API_JSON_TEXT_H_
