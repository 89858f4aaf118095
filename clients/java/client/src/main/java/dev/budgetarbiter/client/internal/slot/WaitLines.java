package dev.budgetarbiter.client.internal.slot;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** The waits of each AI on each budget: some in the service, the others here, first come first served. */
public final class WaitLines {
  /** The service takes 100 of an AI, and this AI may have other processes. */
  private static final int MOST_IN_SERVICE = 50;

  private final Map<String, Line> lines = new HashMap<>();

  /** At its end, or in the service at once where there is room. */
  Place enter(String budgetId, String aiId) {
    Place place = new Place(budgetId + " " + aiId);
    Line line = lines.computeIfAbsent(place.of, of -> new Line());
    if (line.inService < MOST_IN_SERVICE) {
      line.inService += 1;
      place.turn.complete(true);
    } else {
      line.waiting.add(place);
    }
    return place;
  }

  private static final class Line {
    private int inService;
    private final Deque<Place> waiting = new ArrayDeque<>();
  }

  /** One wait. */
  final class Place {
    private final String of;
    private final CompletableFuture<Boolean> turn = new CompletableFuture<>();
    private boolean isLeft;

    private Place(String of) {
      this.of = of;
    }

    /** True when it is its turn; false if it was given up before. */
    CompletableFuture<Boolean> turn() {
      return turn;
    }

    void leaveIfWaiting() {
      if (!turn.isDone()) leave();
    }

    /** Gives it up, or back. */
    void leave() {
      if (isLeft) return;
      isLeft = true;
      Line line = lines.get(of);
      if (!turn.isDone()) {
        line.waiting.remove(this);
        turn.complete(false);
        return;
      }
      // Its place goes to the next, so nobody comes between.
      Place next = line.waiting.poll();
      if (next != null) {
        next.turn.complete(true);
        return;
      }
      line.inService -= 1;
      if (line.inService == 0) lines.remove(of);
    }
  }
}
