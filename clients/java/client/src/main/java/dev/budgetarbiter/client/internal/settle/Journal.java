package dev.budgetarbiter.client.internal.settle;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** What is yet to be settled, on the disk, so that a crash of this process loses none of it. One process at a time. */
public final class Journal implements Keeper {
  private static final System.Logger LOG = System.getLogger("dev.budgetarbiter.client");
  /** So many lines that say that something is done are worth a new file. */
  private static final int COMPACT_AFTER = 1_000;

  private final Path path;
  private final FileChannel lock;
  private final List<Settlement> left;
  private final ExecutorService writer;
  private final Map<String, Settlement> open = new LinkedHashMap<>();
  private List<Entry> waiting = new ArrayList<>();
  private int doneLines;
  private FileChannel file;

  private record Entry(String line, CompletableFuture<Void> kept) {}

  private Journal(Path path, FileChannel lock) throws IOException {
    this.path = path;
    this.lock = lock;
    left = readLeft(path);
    for (Settlement settlement : left) open.put(settlement.id(), settlement);
    file = rewritten(path, left);
    writer = Executors.newSingleThreadExecutor(task -> {
      Thread made = new Thread(task, "budget-arbiter-journal");
      made.setDaemon(true);
      return made;
    });
  }

  public static Journal open(Path path) {
    Path absolute = path.toAbsolutePath();
    FileChannel lock = null;
    try {
      lock = lock(absolute);
      return new Journal(absolute, lock);
    } catch (IOException unusable) {
      closeQuietly(lock);
      throw new IllegalStateException("the journal " + path + " cannot be opened: " + unusable.getMessage(), unusable);
    }
  }

  @Override
  public List<Settlement> left() {
    return left;
  }

  @Override
  public synchronized CompletableFuture<Void> add(Settlement settlement) {
    open.put(settlement.id(), settlement);
    return append(JournalLine.ofAdd(settlement));
  }

  @Override
  public synchronized void done(String id) {
    open.remove(id);
    doneLines += 1;
    append(JournalLine.ofDone(id));
  }

  @Override
  public void close() {
    writer.execute(() -> {
      closeQuietly(file);
      closeQuietly(lock);
    });
    writer.shutdown();
  }

  private CompletableFuture<Void> append(String line) {
    CompletableFuture<Void> kept = new CompletableFuture<>();
    waiting.add(new Entry(line, kept));
    if (writer.isShutdown()) kept.complete(null);
    else if (waiting.size() == 1) writer.execute(this::write);
    return kept;
  }

  /** All that waits at this moment, with one flush. */
  private void write() {
    List<Entry> batch;
    List<Settlement> anew = null;
    synchronized (this) {
      batch = waiting;
      waiting = new ArrayList<>();
      if (doneLines >= COMPACT_AFTER) {
        anew = List.copyOf(open.values());
        doneLines = 0;
      }
    }
    try {
      if (anew == null) {
        append(file, batch.stream().map(Entry::line).toList());
      } else {
        FileChannel old = file;
        file = rewritten(path, anew);
        closeQuietly(old);
      }
    } catch (IOException failed) {
      LOG.log(Level.ERROR, "the journal failed: what is settled now would not survive a crash", failed);
      // Half a line may stand there.
      rewriteNext();
    }
    for (Entry entry : batch) entry.kept().complete(null);
  }

  private synchronized void rewriteNext() {
    doneLines = COMPACT_AFTER;
  }

  /** One process a journal, by a lock that the system drops with its process. */
  private static FileChannel lock(Path path) throws IOException {
    Path beside = path.resolveSibling(path.getFileName() + ".lock");
    FileChannel channel = FileChannel.open(beside, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock taken = null;
    try {
      taken = channel.tryLock();
    } catch (OverlappingFileLockException ofAnotherClient) {
      // The same as that of another process.
    }
    if (taken != null) return channel;
    channel.close();
    throw new IOException("it is the journal of another client: give each its own");
  }

  private static List<Settlement> readLeft(Path path) throws IOException {
    Map<String, Settlement> left = new LinkedHashMap<>();
    if (!Files.exists(path)) return List.of();
    for (String text : Files.readString(path).split("\n")) {
      JournalLine.parse(text).ifPresent(line -> {
        if (line.add() == null) left.remove(line.done());
        else left.put(line.add().id(), line.add());
      });
    }
    return List.copyOf(left.values());
  }

  /** A new file in the place of the old one, on the disk with its name. */
  private static FileChannel rewritten(Path path, Collection<Settlement> left) throws IOException {
    Path next = path.resolveSibling(path.getFileName() + ".next");
    FileChannel file = FileChannel.open(
        next, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
    append(file, left.stream().map(JournalLine::ofAdd).toList());
    Files.move(next, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel folder = FileChannel.open(path.getParent(), StandardOpenOption.READ)) {
      folder.force(true);
    } catch (IOException notWithThisSystem) {
      // Windows has no folders to flush.
      LOG.log(Level.DEBUG, "the folder of the journal cannot be flushed", notWithThisSystem);
    }
    return file;
  }

  private static void append(FileChannel file, List<String> lines) throws IOException {
    StringBuilder text = new StringBuilder();
    for (String line : lines) text.append(line).append('\n');
    ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) file.write(bytes);
    file.force(false);
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      if (channel != null) channel.close();
    } catch (IOException unimportant) {
      LOG.log(Level.DEBUG, "a file of the journal", unimportant);
    }
  }
}
