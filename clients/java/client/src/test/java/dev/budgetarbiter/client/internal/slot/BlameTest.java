package dev.budgetarbiter.client.internal.slot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class BlameTest {
  /** As the SDKs of OpenAI and Anthropic have it. */
  public static final class ServiceException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int statusCode;

    ServiceException(int statusCode) {
      this.statusCode = statusCode;
    }

    public int statusCode() {
      return statusCode;
    }
  }

  /** As Spring has it. */
  public static final class ResponseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Its status. */
    public record HttpStatus(int value) {}

    public HttpStatus getStatusCode() {
      return new HttpStatus(429);
    }
  }

  /** As Spring AI's retries have it. */
  static final class NonTransientAiException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  static Stream<Arguments> rows() {
    return Stream.of(
        Arguments.of(new ServiceException(500), Blame.REFUSED),
        Arguments.of(new RuntimeException(new ServiceException(429)), Blame.REFUSED),
        Arguments.of(new ServiceException(200), Blame.OWN),
        Arguments.of(new ResponseException(), Blame.REFUSED),
        Arguments.of(new NonTransientAiException(), Blame.REFUSED),
        Arguments.of(Status.RESOURCE_EXHAUSTED.asRuntimeException(), Blame.REFUSED),
        Arguments.of(new ConnectException("refused"), Blame.UNREACHED),
        Arguments.of(new RuntimeException(new UnknownHostException("nowhere")), Blame.UNREACHED),
        Arguments.of(new IOException(new SSLHandshakeException("not trusted")), Blame.UNREACHED),
        Arguments.of(new SocketException("Connection reset"), Blame.BROKEN),
        Arguments.of(new UncheckedIOException(new SocketTimeoutException()), Blame.BROKEN),
        Arguments.of(new HttpTimeoutException("late"), Blame.BROKEN),
        Arguments.of(new InterruptedException(), Blame.BROKEN),
        Arguments.of(new CancellationException(), Blame.BROKEN),
        Arguments.of(Status.DEADLINE_EXCEEDED.asRuntimeException(), Blame.BROKEN),
        Arguments.of(new NoSuchFileException("prompt.txt"), Blame.OWN),
        Arguments.of(new IllegalStateException("mine"), Blame.OWN));
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("rows")
  void isLaidTo(Throwable error, Blame expected) {
    assertEquals(expected, Blame.of(error));
  }
}
