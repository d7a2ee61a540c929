// mkdir -p go/verdict/v1  # a contract without "optional", which Debian 12's plugin does not know
// sed 's/optional string/string/' proto/verdict/v1/classifier.proto >go/verdict/v1/classifier.proto
// durations=Mgoogle/protobuf/duration.proto=github.com/golang/protobuf/ptypes/duration
// protoc --proto_path=go --go_out=plugins=grpc,$durations:$GOPATH/src verdict/v1/classifier.proto
// GRPC_GO_RETRY=on go run main.go client/service_config.json 10.0.0.1:50051 10.0.0.2:50051
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	_ "google.golang.org/grpc/health" // without it, Go does not watch the servers' health
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	pb "verdict/v1"
)

func main() {
	serviceConfig, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	// Go has no "ipv4:A,B". For a name with several addresses dial "dns:///NAME:50051" instead.
	servers := manual.NewBuilderWithScheme("verdict")
	var state resolver.State
	for _, address := range os.Args[2:] {
		state.Addresses = append(state.Addresses, resolver.Address{Addr: address})
	}
	servers.InitialState(state)
	connection, err := grpc.Dial("verdict:///servers",
		grpc.WithInsecure(), // see client/README.md for TLS
		grpc.WithResolvers(servers),
		grpc.WithDefaultServiceConfig(string(serviceConfig)),
		// Go's own pauses before it looks for a lost server again grow from 1 s to 2 minutes.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
		// Go retries no request above 256 KiB unless it may keep more.
		grpc.WithDefaultCallOptions(grpc.MaxRetryRPCBufferSize(20<<20)))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	reply, err := pb.NewClassifierClient(connection).Classify(ctx, &pb.ClassifyRequest{
		Input: &pb.Input{Text: "What a lovely surprise!"}})
	if err != nil {
		log.Fatal(err) // status.Convert(err).Details() has the ErrorInfo and the RetryInfo
	}
	fmt.Println(reply.Label, reply.Score, reply.Tokens.Truncated)
}
