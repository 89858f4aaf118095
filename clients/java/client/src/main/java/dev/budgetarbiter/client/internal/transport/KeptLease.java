package dev.budgetarbiter.client.internal.transport;

import dev.budgetarbiter.client.SlotLostException;
import dev.budgetarbiter.client.internal.Durations;
import dev.budgetarbiter.client.internal.loop.Loop;
import dev.budgetarbiter.v1.Lease;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A lease that is kept alive, by a session or by a heartbeat, until it is let go or lost. */
public final class KeptLease {
  private final Lease lease;
  private final CompletableFuture<SlotLostException> lost = new CompletableFuture<>();
  private final Loop.Timer end;
  private List<Runnable> letGoes = new ArrayList<>();

  KeptLease(Lease lease, Loop loop) {
    this.lease = lease;
    Duration longest = Duration.between(Durations.of(lease.getGrantedAt()), Durations.of(lease.getRenewableUntil()));
    end = loop.schedule(
        Durations.most(timeToLive(), longest), () -> lose("the lease has reached its longest duration"));
  }

  public Lease lease() {
    return lease;
  }

  /** How long it lives without a renewal. */
  Duration timeToLive() {
    return Durations.of(lease.getExpiresIn());
  }

  /** Completed on the loop if it is lost, never otherwise. */
  public CompletableFuture<SlotLostException> lost() {
    return lost;
  }

  void onLetGo(Runnable listener) {
    letGoes.add(listener);
  }

  void lose(String why) {
    lost.complete(new SlotLostException(why));
    letGo();
  }

  /** It was given back. */
  public void letGo() {
    end.cancel();
    List<Runnable> listeners = letGoes;
    letGoes = new ArrayList<>();
    listeners.forEach(Runnable::run);
  }
}
