import dev.budgetarbiter.client.BudgetClient;
import dev.budgetarbiter.client.SlotRequest;
import dev.budgetarbiter.client.TokenUsage;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;

/** What a slot costs a caller in time, beside a bare unary call of gRPC in the same run: the median of each, in microseconds. */
public final class Overhead {
  private static final int WARM = 2_000;
  private static final int CALLS = 3_000;
  private static final MethodDescriptor<byte[], byte[]> ECHO = MethodDescriptor.<byte[], byte[]>newBuilder()
      .setType(MethodType.UNARY)
      .setFullMethodName("echo.Echo/Call")
      .setRequestMarshaller(new Bytes())
      .setResponseMarshaller(new Bytes())
      .build();

  private Overhead() {}

  public static void main(String[] args) throws Exception {
    Server server = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
        .addService(ServerServiceDefinition.builder("echo.Echo")
            .addMethod(ECHO, ServerCalls.asyncUnaryCall((request, answer) -> {
              answer.onNext(request);
              answer.onCompleted();
            }))
            .build())
        .build()
        .start();
    ManagedChannel channel =
        Grpc.newChannelBuilder("127.0.0.1:" + server.getPort(), InsecureChannelCredentials.create()).build();
    BudgetClient budget = BudgetClient.fromEnv();
    SlotRequest request = SlotRequest.ofDefaults().estimate(100);
    byte[] said = new byte[100];
    long[] slots = new long[CALLS];
    long[] echoes = new long[CALLS];
    // In turns, so that what else the machine does is the same for both.
    for (int n = -WARM; n < CALLS; n += 1) {
      long slot = timed(() -> budget.call(request, held -> {
        held.report(TokenUsage.of(10, 5));
        return held;
      }));
      long echo = timed(() -> ClientCalls.blockingUnaryCall((Channel) channel, ECHO, CallOptions.DEFAULT, said));
      if (n < 0) continue;
      slots[n] = slot;
      echoes[n] = echo;
    }
    System.out.println("{\"slot_p50_us\":" + middle(slots) + ",\"echo_p50_us\":" + middle(echoes) + "}");
    budget.close(Duration.ofSeconds(10));
    channel.shutdownNow();
    server.shutdownNow();
  }

  private interface Work {
    Object run() throws Exception;
  }

  private static long timed(Work work) throws Exception {
    long begunAt = System.nanoTime();
    work.run();
    return System.nanoTime() - begunAt;
  }

  private static long middle(long[] times) {
    Arrays.sort(times);
    return times[times.length / 2] / 1_000;
  }

  /** As they are. */
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException broken) {
        throw new UncheckedIOException(broken);
      }
    }
  }
}
