import type { Log } from '../platform/log.js';
import { peerOf } from '../platform/peer-address.js';
import { pause, type Scheduler } from '../platform/scheduler.js';

/** Mistakes that cost nothing: a token just rotated, several copies of one client. */
const FREE = 10;
const FIRST_MS = 100;
const MOST_MS = 5_000;
/** One failure is forgotten in this time. */
const FORGIVEN_MS = 10_000;
const MOST_COUNTED = 1_000;
const MOST_PEERS = 10_000;
/** Answers held back at once. Beyond, they are given at once: memory is worth more than an attacker's time. */
const MOST_HELD = 2_000;

interface Peer {
  failures: number;
  at: number;
}

/**
 * Answers that turn a caller away come later and later to a peer that keeps failing. Only failures wait: who shares an address
 * with an attacker, behind a proxy or a gateway, and has the right credentials, notices nothing.
 */
export class Slowdown {
  /** In the order of their last failure. */
  private readonly peers = new Map<string, Peer>();
  private held = 0;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly monotonic: () => number,
    private readonly log: Log,
  ) {}

  /** Counts a failure of a peer, and resolves when it may be told. */
  async failed(address: string): Promise<void> {
    const delayMs = delayAfter(this.count(peerOf(address)));
    if (delayMs === 0 || this.held >= MOST_HELD) return;
    this.held += 1;
    await pause(this.scheduler, delayMs);
    this.held -= 1;
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.peers.size;
  }

  private count(peer: string): number {
    const now = this.monotonic();
    const before = this.peers.get(peer);
    const left =
      before === undefined ? 0 : Math.max(0, before.failures - Math.floor((now - before.at) / FORGIVEN_MS));
    const failures = Math.min(left + 1, MOST_COUNTED);
    this.peers.delete(peer);
    this.peers.set(peer, { failures, at: now });
    if (this.peers.size > MOST_PEERS) {
      const [oldest] = this.peers.keys();
      if (oldest !== undefined) this.peers.delete(oldest);
    }
    // At 11, 22, 44, ... so that an attack cannot fill the log.
    if (Number.isInteger(Math.log2(failures / (FREE + 1)))) {
      this.log.warn({ peer, failures }, 'a peer keeps failing to authenticate; its answers are slowed');
    }
    return failures;
  }
}

function delayAfter(failures: number): number {
  if (failures <= FREE) return 0;
  return Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures - FREE - 1, 16));
}
