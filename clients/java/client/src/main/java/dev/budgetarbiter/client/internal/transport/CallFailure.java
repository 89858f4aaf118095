package dev.budgetarbiter.client.internal.transport;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.budgetarbiter.client.internal.Durations;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CompletionException;

/** A call that ended with an error, alone or within a session. */
public final class CallFailure extends RuntimeException {
  /** Whoever repeats the call just so may get an answer: the service, or the way to it, is away or has no room. */
  private static final Set<Code> PASSING =
      EnumSet.of(
          Code.UNAVAILABLE,
          Code.DEADLINE_EXCEEDED,
          Code.CANCELLED,
          Code.RESOURCE_EXHAUSTED,
          Code.INTERNAL,
          Code.UNKNOWN);

  private final Code code;
  private final String reason;
  private final Duration retryAfter;
  private final boolean isUnsent;

  public CallFailure(Code code, String message) {
    this(code, message, "", Duration.ZERO, false);
  }

  private CallFailure(Code code, String message, String reason, Duration retryAfter, boolean isUnsent) {
    super(message, null, false, false);
    this.code = code;
    this.reason = reason;
    this.retryAfter = retryAfter;
    this.isUnsent = isUnsent;
  }

  public static CallFailure unavailable(String message) {
    return new CallFailure(Code.UNAVAILABLE, message);
  }

  /** Whatever a call ended with. */
  public static CallFailure of(Throwable error) {
    if (error instanceof CompletionException && error.getCause() != null) return of(error.getCause());
    if (error instanceof CallFailure failure) return failure;
    Status status = Status.fromThrowable(error);
    var told = error instanceof StatusRuntimeException ? StatusProto.fromThrowable(error) : null;
    String message = status.getDescription() == null ? String.valueOf(error) : status.getDescription();
    return told == null ? new CallFailure(status.getCode(), message) : of(status.getCode(), message, told);
  }

  /** As an answer within a session tells it. */
  public static CallFailure of(com.google.rpc.Status told) {
    return of(Status.fromCodeValue(told.getCode()).getCode(), told.getMessage(), told);
  }

  private static CallFailure of(Code code, String message, com.google.rpc.Status told) {
    String reason = "";
    Duration retryAfter = Duration.ZERO;
    try {
      for (Any detail : told.getDetailsList()) {
        if (detail.is(ErrorInfo.class)) reason = detail.unpack(ErrorInfo.class).getReason();
        if (detail.is(RetryInfo.class)) retryAfter = Durations.of(detail.unpack(RetryInfo.class).getRetryDelay());
      }
    } catch (InvalidProtocolBufferException unreadable) {
      return new CallFailure(code, message);
    }
    return new CallFailure(code, message, reason, retryAfter, false);
  }

  /** The same, of a call that never left this process. */
  CallFailure unsent() {
    return new CallFailure(code, getMessage(), reason, retryAfter, true);
  }

  public Code code() {
    return code;
  }

  /** The service's own word, such as `LEASE_NOT_FOUND`; empty if it has none. */
  public String reason() {
    return reason;
  }

  /** No sooner than this; zero if nobody said. */
  public Duration retryAfter() {
    return retryAfter;
  }

  /** It never left this process, so it has no effect. */
  public boolean isUnsent() {
    return isUnsent;
  }

  public boolean isPassing() {
    return PASSING.contains(code);
  }

  /** Another replica may have what this one lacks. */
  public boolean isAway() {
    return code == Code.UNAVAILABLE || code == Code.DEADLINE_EXCEEDED;
  }
}
