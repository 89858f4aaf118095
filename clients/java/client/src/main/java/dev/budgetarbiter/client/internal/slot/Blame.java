package dev.budgetarbiter.client.internal.slot;

import dev.budgetarbiter.client.SlotLostException;
import dev.budgetarbiter.v1.Unreported;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/** Who or what an error of a call is to be laid to, and so what becomes of what the slot had reserved. */
public enum Blame {
  /** The vendor answered with an error, and charges nothing. */
  REFUSED(Unreported.UNREPORTED_FREE),
  /** It was never asked. */
  UNREACHED(Unreported.UNREPORTED_UNUSED),
  /** The call broke on its way, or was cancelled: nobody knows what it cost. */
  BROKEN(Unreported.UNREPORTED_PRESUME),
  /** The error is the caller's own. */
  OWN(Unreported.UNREPORTED_FREE);

  /** Errors carry the one that caused them. */
  private static final int DEEPEST = 16;
  private static final List<Class<?>> CONNECTING = List.of(
      ConnectException.class,
      UnknownHostException.class,
      NoRouteToHostException.class,
      HttpConnectTimeoutException.class,
      UnresolvedAddressException.class,
      SSLException.class);
  private static final List<Class<?>> ON_THE_WAY = List.of(
      IOException.class,
      InterruptedException.class,
      CancellationException.class,
      TimeoutException.class,
      SlotLostException.class);
  private static final List<Class<?>> OF_FILES = List.of(FileNotFoundException.class, FileSystemException.class);
  /** Of a vendor that is asked over gRPC. */
  private static final Set<Status.Code> CUT_OFF =
      EnumSet.of(Status.Code.CANCELLED, Status.Code.DEADLINE_EXCEEDED, Status.Code.UNAVAILABLE, Status.Code.UNKNOWN);

  private final Unreported rest;

  Blame(Unreported rest) {
    this.rest = rest;
  }

  /** What becomes of what was not reported. */
  Unreported rest() {
    return rest;
  }

  public static Blame of(Throwable error) {
    List<Throwable> chain = chain(error);
    if (chain.stream().anyMatch(each -> HttpStatusOf.error(each) >= 400)) return REFUSED;
    if (chain.stream().anyMatch(each -> isOneOf(each, CONNECTING))) return UNREACHED;
    if (chain.stream().anyMatch(Blame::isBroken)) return BROKEN;
    return chain.stream().anyMatch(Blame::isAnswer) ? REFUSED : OWN;
  }

  private static boolean isBroken(Throwable error) {
    Status.Code code = grpcCode(error);
    if (code != null && CUT_OFF.contains(code)) return true;
    // The HTTP clients of some SDKs have names of their own for it.
    boolean isNamedSo = error.getClass().getSimpleName().matches("\\w*(IoException|RetryableException|AbortException)");
    return isNamedSo || (isOneOf(error, ON_THE_WAY) && !isOneOf(error, OF_FILES));
  }

  /** Over gRPC, and of Spring AI, which tells the status in the message alone. */
  private static boolean isAnswer(Throwable error) {
    return grpcCode(error) != null || error.getClass().getSimpleName().matches("(Non)?TransientAiException");
  }

  private static Status.Code grpcCode(Throwable error) {
    if (error instanceof StatusRuntimeException ofGrpc) return ofGrpc.getStatus().getCode();
    return error instanceof StatusException ofGrpc ? ofGrpc.getStatus().getCode() : null;
  }

  private static boolean isOneOf(Throwable error, List<Class<?>> types) {
    return types.stream().anyMatch(type -> type.isInstance(error));
  }

  private static List<Throwable> chain(Throwable error) {
    List<Throwable> chain = new ArrayList<>();
    for (Throwable at = error; at != null && chain.size() < DEEPEST; at = at.getCause()) chain.add(at);
    return chain;
  }
}
