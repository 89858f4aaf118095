package dev.budgetarbiter.client.internal.transport;

import dev.budgetarbiter.client.internal.loop.Loop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Optional;

/** A file with the token, read again when it changes. */
public final class TokenFile implements TokenSource {
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  private final Path path;
  private final Loop loop;
  private String token = "";
  private String version = "";
  private long lookedAt;
  private boolean mustLook = true;

  public TokenFile(Path path, Loop loop) {
    this.path = path;
    this.loop = loop;
  }

  @Override
  public Optional<String> read() {
    if (!mustLook && loop.since(lookedAt).compareTo(LOOK_EVERY) < 0) return Optional.of(token);
    try {
      BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
      String found = now.lastModifiedTime() + " " + now.fileKey() + " " + now.size();
      if (!found.equals(version)) token = Files.readString(path).strip();
      version = found;
      lookedAt = loop.nanoTime();
      mustLook = false;
    } catch (IOException unreadable) {
      // It may be replaced at this moment; the one before is good until the service says otherwise.
      if (token.isEmpty()) throw CallFailure.unavailable("the token cannot be read: " + unreadable);
    }
    return Optional.of(token);
  }

  @Override
  public boolean renew() {
    String before = token;
    mustLook = true;
    return !read().orElse("").equals(before);
  }
}
