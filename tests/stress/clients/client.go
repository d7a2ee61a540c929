// See README.md. grpc-go, with its defaults.
package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/ioutil"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
)

const threads = 4

// Messages are bytes already.
type raw struct{}

func (raw) Marshal(message interface{}) ([]byte, error) { return *message.(*[]byte), nil }
func (raw) Unmarshal(data []byte, message interface{}) error {
	*message.(*[]byte) = data
	return nil
}
func (raw) Name() string { return "proto" }

func classify(connection *grpc.ClientConn, request []byte, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var reply []byte
	return connection.Invoke(ctx, "/verdict.v1.Classifier/Classify", &request, &reply, grpc.ForceCodec(raw{}))
}

func main() {
	rate, _ := strconv.ParseFloat(os.Args[2], 64)
	request, _ := hex.DecodeString(os.Args[3])
	connection, err := grpc.Dial(os.Args[1], grpc.WithInsecure())
	if err != nil {
		panic(err)
	}
	// A runtime that starts on a busy machine takes seconds.
	if err := classify(connection, request, time.Minute); err != nil {
		panic(err)
	}
	fmt.Println("ready")
	outcomes := map[string]int{}
	var lock sync.Mutex
	var stopped int32
	var running sync.WaitGroup
	for i := 0; i < threads; i++ {
		running.Add(1)
		go func() {
			defer running.Done()
			ticks := time.NewTicker(time.Duration(float64(time.Second) * threads / rate))
			for range ticks.C {
				if atomic.LoadInt32(&stopped) != 0 {
					return
				}
				err := classify(connection, request, 10*time.Second)
				outcome := "OK"
				if err != nil {
					outcome = status.Code(err).String() + ": " + status.Convert(err).Message()
				}
				lock.Lock()
				outcomes[outcome]++
				lock.Unlock()
			}
		}()
	}
	ioutil.ReadAll(os.Stdin)
	atomic.StoreInt32(&stopped, 1)
	running.Wait()
	json.NewEncoder(os.Stdout).Encode(outcomes)
}
