package dev.budgetarbiter.client.internal.settle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.budgetarbiter.v1.Unreported;
import dev.budgetarbiter.v1.Usage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
  @TempDir Path folder;

  private static Settlement settlement(String id) {
    Usage usage = Usage.newBuilder().setUsageId("usage-" + id).setErrorMessage("line\nand\ttab").setFailed(true).build();
    SettledLease lease = id.startsWith("r") ? SettledLease.ofRequest("request", true) : SettledLease.of("lease");
    return new Settlement(id, "anthropic", "guardian", lease, List.of(usage), Unreported.UNREPORTED_PRESUME, 4711);
  }

  private Path path() {
    return folder.resolve("journal");
  }

  @Test
  void keepsWhatIsNotDoneOverACrash() throws IOException {
    Journal journal = Journal.open(path());
    for (String id : List.of("a", "b", "r")) journal.add(settlement(id)).join();
    journal.done("b");
    journal.add(settlement("c")).join();
    // As it lies there after a crash, with half a line at its end.
    Path crashed = folder.resolve("crashed");
    Files.writeString(crashed, Files.readString(path()) + "add\thalf", StandardOpenOption.CREATE);
    journal.close();
    Journal next = Journal.open(crashed);
    assertEquals(List.of(settlement("a"), settlement("r"), settlement("c")), next.left());
    assertFalse(Files.readString(crashed).contains("half"));
    next.close();
  }

  @Test
  void isOfOneClient() {
    Journal journal = Journal.open(path());
    assertTrue(assertThrows(IllegalStateException.class, () -> Journal.open(path())).getMessage().contains("another client"));
    journal.close();
  }

  @Test
  void isWrittenAnewWhenMostOfItIsDone() throws IOException {
    Journal journal = Journal.open(path());
    journal.add(settlement("a")).join();
    IntStream.range(0, 1_000).forEach(n -> journal.done("done-" + n));
    journal.add(settlement("b")).join();
    journal.add(settlement("c")).join();
    assertTrue(Files.readAllLines(path()).size() < 20, () -> "lines of old remain");
    journal.close();
  }
}
