# protoc --proto_path=proto --python_out=. --grpc_out=. \
#     --plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin verdict/v1/classifier.proto
# python3 classify.py ipv4:10.0.0.1:50051,10.0.0.2:50051 client/service_config.json
import sys

import grpc
from verdict.v1 import classifier_pb2 as pb, classifier_pb2_grpc

target, service_config = sys.argv[1:]
channel = grpc.insecure_channel(target, [
    ("grpc.service_config", open(service_config).read()),
    # gRPC's own pauses before it looks for a lost server again grow from 1 s to 2 minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
])
classifier = classifier_pb2_grpc.ClassifierStub(channel)
reply = classifier.Classify(
    pb.ClassifyRequest(input=pb.Input(text="What a lovely surprise!")), timeout=10)
print(reply.label, reply.score, reply.tokens.truncated)

# Many texts go faster through a stream, whose replies come as they finish, matched by id.
requests = (pb.ClassifyStreamRequest(id=i, request=pb.ClassifyRequest(input=pb.Input(text=text)))
            for i, text in enumerate(["What a lovely surprise!", "Never again.", ""]))
for reply in classifier.ClassifyStream(requests):
    if reply.HasField("result"):
        print(reply.id, reply.result.label)
    else:
        print(reply.id, pb.ErrorReason.Name(reply.error.reason), reply.error.message)
