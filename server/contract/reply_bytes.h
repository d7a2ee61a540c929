// The size of a reply, before the reply is made.
#ifndef VERDICT_SERVER_CONTRACT_REPLY_BYTES_H_
#define VERDICT_SERVER_CONTRACT_REPLY_BYTES_H_

#include <cstddef>
#include <cstdint>

#include "engine/models/config.h"
#include "server/contract/validation.h"

namespace verdict {

// The bytes to admit for the replies to `texts` that ask for `options`: what their labels and
// logits take, in the message and on the wire. 0 if they are few: the bytes of the request, and its
// texts, stand for a reply of usual size.
int64_t ReplyBytes(const ModelConfig& config, const ClassifyOptions& options, size_t texts);

}  // namespace verdict

#endif  // VERDICT_SERVER_CONTRACT_REPLY_BYTES_H_
