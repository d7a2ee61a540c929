// protoc --proto_path=proto --java_out=. --grpc_out=. \
//     --plugin=protoc-gen-grpc=/usr/bin/grpc_java_plugin verdict/v1/classifier.proto
// java Classify dns:///verdict-headless:50051
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import verdict.v1.ClassifierGrpc;
import verdict.v1.ClassifyRequest;
import verdict.v1.ClassifyResponse;
import verdict.v1.Input;

public final class Classify {
  // client/service_config.json. Every number is a Double: Java refuses an Integer.
  private static final Map<String, ?> SERVICE_CONFIG = Map.of(
      "loadBalancingConfig", List.of(Map.of("round_robin", Map.of())),
      // Looked at only with grpc-services on the class path, which Debian does not package.
      "healthCheckConfig", Map.of("serviceName", "verdict.v1.Classifier"),
      "methodConfig", List.of(Map.of(
          "name", List.of(Map.of("service", "verdict.v1.Classifier")),
          "timeout", "10s",
          "retryPolicy", Map.of(
              "maxAttempts", 5.0,
              "initialBackoff", "0.1s",
              "maxBackoff", "1s",
              "backoffMultiplier", 2.0,
              "retryableStatusCodes", List.of("UNAVAILABLE", "CANCELLED")))),
      "retryThrottling", Map.of("maxTokens", 1000.0, "tokenRatio", 0.1));

  public static void main(String[] arguments) throws InterruptedException {
    ManagedChannel channel = ManagedChannelBuilder.forTarget(arguments[0])
        .usePlaintext() // see client/README.md for TLS
        .defaultServiceConfig(SERVICE_CONFIG)
        .enableRetry()
        .build();
    // Java's pauses before it looks for a lost server again grow from 1 s to 2 minutes, and cannot
    // be set: end them once a second.
    ScheduledExecutorService reconnects = Executors.newSingleThreadScheduledExecutor();
    reconnects.scheduleAtFixedRate(() -> {
      if (channel.getState(true) != ConnectivityState.SHUTDOWN) channel.resetConnectBackoff();
    }, 1, 1, TimeUnit.SECONDS);
    try {
      ClassifyResponse reply = ClassifierGrpc.newBlockingStub(channel)
          .withDeadlineAfter(10, TimeUnit.SECONDS)
          .classify(ClassifyRequest.newBuilder()
              .setInput(Input.newBuilder().setText("What a lovely surprise!"))
              .build());
      System.out.println(
          reply.getLabel() + " " + reply.getScore() + " " + reply.getTokens().getTruncated());
    } finally {
      reconnects.shutdownNow();
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }
}
