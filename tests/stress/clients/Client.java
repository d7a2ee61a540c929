// See README.md. grpc-java, with its defaults.
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

public final class Client {
  private static final int THREADS = 4;
  private static volatile boolean stopped = false;

  // Messages are bytes already.
  private static final class Raw implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] message) {
      return new ByteArrayInputStream(message);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] buffer = new byte[4096];
        for (int count = stream.read(buffer); count > 0; count = stream.read(buffer)) {
          bytes.write(buffer, 0, count);
        }
        return bytes.toByteArray();
      } catch (IOException error) {
        throw new RuntimeException(error);
      }
    }
  }

  private static byte[] bytes(String hex) {
    byte[] bytes = new byte[hex.length() / 2];
    for (int i = 0; i < bytes.length; ++i) {
      bytes[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
    }
    return bytes;
  }

  private static String call(
      ManagedChannel channel, MethodDescriptor<byte[], byte[]> method, byte[] request,
      long seconds) {
    try {
      CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(seconds, TimeUnit.SECONDS);
      ClientCalls.blockingUnaryCall(channel, method, options, request);
      return "OK";
    } catch (StatusRuntimeException error) {
      return error.getStatus().getCode() + ": " + error.getStatus().getDescription();
    }
  }

  public static void main(String[] arguments) throws Exception {
    ManagedChannel channel =
        ManagedChannelBuilder.forTarget(arguments[0]).usePlaintext().build();
    double rate = Double.parseDouble(arguments[1]);
    byte[] request = bytes(arguments[2]);
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.newBuilder(new Raw(), new Raw())
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName("verdict.v1.Classifier/Classify")
            .build();
    // A runtime that starts on a busy machine takes seconds.
    String first = call(channel, method, request, 60);
    if (!first.equals("OK")) throw new IllegalStateException(first);
    System.out.println("ready");
    Map<String, Integer> outcomes = new TreeMap<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; ++i) {
      Thread thread = new Thread(() -> {
        while (!stopped) {
          long start = System.nanoTime();
          String outcome = call(channel, method, request, 10);
          synchronized (outcomes) {
            outcomes.merge(outcome, 1, Integer::sum);
          }
          long left = (long) (1e9 * THREADS / rate) - (System.nanoTime() - start);
          try {
            if (left > 0) TimeUnit.NANOSECONDS.sleep(left);
          } catch (InterruptedException error) {
            return;
          }
        }
      });
      threads.add(thread);
      thread.start();
    }
    while (System.in.read() >= 0) {
    }
    stopped = true;
    for (Thread thread : threads) thread.join();
    StringBuilder json = new StringBuilder("{");
    outcomes.forEach((outcome, count) -> json.append(json.length() > 1 ? ", " : "")
        .append('"').append(outcome.replaceAll("[\"\\\\\\p{Cntrl}]", "'")).append("\": ").append(count));
    System.out.println(json.append("}"));
    System.exit(0);
  }
}
