package dev.budgetarbiter.client.internal.settle;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.budgetarbiter.v1.Unreported;
import dev.budgetarbiter.v1.Usage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;

/** One line of a journal: fields between tabs, which no id contains, and a checksum. `add` is null where `done` is not empty. */
record JournalLine(Settlement add, String done) {
  private static final int FIELDS_BEFORE_USAGES = 9;

  static String ofAdd(Settlement settlement) {
    List<String> fields = new ArrayList<>(List.of(
        "add",
        settlement.id(),
        settlement.budgetId(),
        settlement.aiId(),
        settlement.lease().leaseId(),
        settlement.lease().requestId(),
        String.valueOf(settlement.lease().isSpent()),
        settlement.unreported().name(),
        String.valueOf(settlement.firstTriedAt())));
    for (Usage usage : settlement.usages()) fields.add(Base64.getEncoder().encodeToString(usage.toByteArray()));
    return checked(String.join("\t", fields));
  }

  static String ofDone(String id) {
    return checked("done\t" + id);
  }

  /** Empty for what a crash cut off: it is the last, and whoever wrote it had not gone on. */
  static Optional<JournalLine> parse(String line) {
    int end = line.lastIndexOf('\t');
    if (end < 0 || !checked(line.substring(0, end)).equals(line)) return Optional.empty();
    String[] fields = line.substring(0, end).split("\t", -1);
    if (fields[0].equals("done")) return Optional.of(new JournalLine(null, fields[1]));
    try {
      return Optional.of(new JournalLine(settlement(fields), ""));
    } catch (InvalidProtocolBufferException ofLaterVersion) {
      return Optional.empty();
    }
  }

  private static Settlement settlement(String[] fields) throws InvalidProtocolBufferException {
    List<Usage> usages = new ArrayList<>();
    for (int at = FIELDS_BEFORE_USAGES; at < fields.length; at += 1) {
      usages.add(Usage.parseFrom(Base64.getDecoder().decode(fields[at])));
    }
    SettledLease lease = new SettledLease(fields[4], fields[5], Boolean.parseBoolean(fields[6]));
    Unreported unreported = Unreported.valueOf(fields[7]);
    return new Settlement(fields[1], fields[2], fields[3], lease, usages, unreported, Long.parseLong(fields[8]));
  }

  private static String checked(String text) {
    CRC32 sum = new CRC32();
    sum.update(text.getBytes(StandardCharsets.UTF_8));
    return text + "\t" + Long.toHexString(sum.getValue());
  }
}
