import dev.budgetarbiter.client.ArbiterRefusedException;
import dev.budgetarbiter.client.ArbiterUnavailableException;
import dev.budgetarbiter.client.BudgetClient;
import dev.budgetarbiter.client.BudgetClientBuilder;
import dev.budgetarbiter.client.HttpAnswer;
import dev.budgetarbiter.client.ReportDetails;
import dev.budgetarbiter.client.Slot;
import dev.budgetarbiter.client.SlotDeniedException;
import dev.budgetarbiter.client.SlotRequest;
import dev.budgetarbiter.client.TokenUsage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** The scenarios of {@code clients/scenarios.md}, over the client for Java. */
public final class Scenarios {
  private static final BufferedReader INPUT = new BufferedReader(new InputStreamReader(System.in));
  private static final SlotRequest REQUEST = SlotRequest.ofDefaults()
      .estimate(1_000)
      .wait(Duration.ofSeconds(10))
      .patience(Duration.ofSeconds(30));

  private final BudgetClient budget;

  private Scenarios(BudgetClient budget) {
    this.budget = budget;
  }

  public static void main(String[] args) throws Exception {
    BudgetClientBuilder builder = BudgetClient.builder().fromEnv();
    String journal = System.getenv("JOURNAL");
    if (journal != null) builder.journal(Path.of(journal));
    BudgetClient budget = builder.build();
    new Scenarios(budget).run(args[0]);
    say("closed", ",\"unsettled\":" + budget.close(Duration.ofSeconds(10)));
  }

  private void run(String name) throws Exception {
    switch (name) {
      case "call" -> answered(REQUEST);
      case "killed-service" -> {
        heldCall();
        told();
      }
      case "killed-client" -> heldCall();
      case "cancelled" -> cancelled();
      case "interrupted" -> interruptedByUser();
      case "crowd" -> crowd();
      case "left-stream" -> leftStream();
      case "error" -> errors();
      case "denied-for-good" -> denied(REQUEST.estimate(1_000_000_000));
      case "denied-for-now", "paused" -> denied(REQUEST.patience(Duration.ZERO));
      case "turned-away" -> turnedAway();
      case "token" -> {
        answered(REQUEST);
        told();
        answered(REQUEST);
      }
      case "replicas" -> {
        for (int n = 0; n < 10; n += 1) answered(REQUEST);
        told();
        for (int n = 0; n < 10; n += 1) answered(REQUEST);
      }
      case "fail-open" -> {
        answered(REQUEST);
        told();
      }
      case "fail-open-lost" -> {
        answered(REQUEST);
        told();
        answered(REQUEST.wait(Duration.ZERO));
        told();
      }
      case "journal" -> {
        if (System.getenv("JOURNAL_RUN").equals("2")) return;
        heldCall();
        told();
      }
      default -> throw new IllegalArgumentException(name);
    }
  }

  private void answered(SlotRequest request) throws Exception {
    boolean isLeased = budget.call(request, slot -> {
      answer();
      report(slot);
      return slot.lease().isPresent();
    });
    say("answer", isLeased ? "" : ",\"leased\":false");
  }

  private void heldCall() throws Exception {
    budget.call(REQUEST, slot -> {
      say("holding", "");
      told();
      answer();
      report(slot);
      return slot;
    });
    say("answer", "");
  }

  private void cancelled() throws Exception {
    Slot holder = budget.acquire(REQUEST.ai(System.getenv("BUDGET_ARBITER_AI") + "-holder"));
    interrupted("wait", () -> budget.acquire(REQUEST).close());
    report(holder);
    holder.close();
    interrupted("call", () -> budget.call(REQUEST, slot -> {
      Thread.sleep(10_000);
      return slot;
    }));
    interrupted("reported", () -> budget.call(REQUEST, slot -> {
      report(slot);
      Thread.sleep(10_000);
      return slot;
    }));
  }

  private interface Interruptible {
    void run() throws Exception;
  }

  private static void interrupted(String during, Interruptible work) throws Exception {
    Thread thread = new Thread(() -> {
      try {
        work.run();
      } catch (InterruptedException cancelled) {
        say("cancelled", ",\"during\":\"" + during + "\"");
      } catch (Exception other) {
        say("error", ",\"what\":\"" + other.getClass().getName() + "\"");
      }
    });
    thread.start();
    // A call begins once the slot is granted, which takes as long as it takes.
    while (thread.getState() != Thread.State.TIMED_WAITING && !during.equals("wait")) Thread.sleep(5);
    Thread.sleep(50);
    thread.interrupt();
    thread.join();
  }

  private void interruptedByUser() throws Exception {
    Thread main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      main.interrupt();
      try {
        main.join();
      } catch (InterruptedException impossible) {
        throw new IllegalStateException(impossible);
      }
    }));
    try {
      budget.call(REQUEST, slot -> {
        say("holding", "");
        Thread.sleep(20_000);
        return slot;
      });
    } catch (InterruptedException stopped) {
      say("stopped", "");
    }
  }

  private void turnedAway() throws InterruptedException {
    try {
      budget.acquire(REQUEST.patience(Duration.ofSeconds(1))).close();
      say("granted", "");
    } catch (ArbiterRefusedException refused) {
      say("refused", text("code", refused.code()));
    } catch (ArbiterUnavailableException unavailable) {
      say("unavailable", "");
    }
  }

  private void crowd() throws Exception {
    AtomicInteger answers = new AtomicInteger();
    AtomicInteger denials = new AtomicInteger();
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    SlotRequest request = REQUEST.patience(Duration.ofSeconds(60));
    ExecutorService threads = Executors.newFixedThreadPool(200);
    List<Future<?>> calls = new ArrayList<>();
    for (int n = 0; n < 200; n += 1) {
      calls.add(threads.submit(() -> {
        try {
          budget.call(request, slot -> {
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            answer();
            now.decrementAndGet();
            report(slot);
            return slot;
          });
          answers.incrementAndGet();
        } catch (SlotDeniedException denied) {
          denials.incrementAndGet();
        }
        return null;
      }));
    }
    for (Future<?> call : calls) call.get();
    threads.shutdown();
    say("crowd", ",\"answers\":" + answers + ",\"denials\":" + denials + ",\"most\":" + most);
  }

  private void leftStream() throws Exception {
    try (Slot slot = budget.acquire(REQUEST)) {
      for (int part = 0; part < 5; part += 1) Thread.sleep(2);
    }
    say("left", "");
  }

  private void errors() throws Exception {
    failed(() -> {
      throw new VendorException(500);
    });
    HttpRequest nobody = HttpRequest.newBuilder(URI.create("http://127.0.0.1:11/")).build();
    failed(() -> HttpClient.newHttpClient().send(nobody, HttpResponse.BodyHandlers.ofString()));
  }

  private void failed(Interruptible call) {
    try {
      budget.call(REQUEST, slot -> {
        call.run();
        return slot;
      });
    } catch (Exception error) {
      say("error", "");
    }
  }

  /** As the SDKs of the vendors have it. */
  public static final class VendorException extends RuntimeException {
    private final int statusCode;

    VendorException(int statusCode) {
      super("the vendor answered " + statusCode);
      this.statusCode = statusCode;
    }

    public int statusCode() {
      return statusCode;
    }
  }

  private void denied(SlotRequest request) throws Exception {
    try (Slot slot = budget.acquire(request)) {
      say("granted", "");
    } catch (SlotDeniedException denied) {
      HttpAnswer http = denied.toHttp();
      Map<String, String> headers = http.headers();
      String rules = denied.rules().stream().map(rule -> "\"" + rule + "\"").collect(Collectors.joining(",", "[", "]"));
      say("denied", ",\"permanent\":" + denied.permanent() + ",\"rules\":" + rules + ",\"status\":" + http.status()
          + text("retry_after", headers.get("retry-after")) + text("should_retry", headers.get("x-should-retry")));
    }
  }

  private static String text(String name, String value) {
    return value == null ? "" : ",\"" + name + "\":\"" + value + "\"";
  }

  /** Stands for the vendor. */
  private static void answer() throws InterruptedException {
    Thread.sleep(20);
  }

  private static void report(Slot slot) {
    slot.report(TokenUsage.of(100, 50), ReportDetails.NONE.withModel("model-a"));
  }

  private static void told() throws IOException {
    INPUT.readLine();
  }

  private static synchronized void say(String event, String rest) {
    System.out.println("{\"event\":\"" + event + "\"" + rest + "}");
  }
}
