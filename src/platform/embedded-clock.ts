import {
  type ComparingClock,
  PROCESS_TIME,
  type Reading,
  signedSeconds,
  type TimeSources,
  type TrustChange,
} from './clock.js';

/** A step of the wall clock is believed once it has held for this long. */
export const STEP_HOLD_MS = 60_000;
/**
 * How fast the wall clock may drift against the monotonic one and still be followed. Time daemons slew by at most 500
 * millionths and cheap crystals are off by 100; not followed, a few hours of such drift would look like a step.
 */
export const FOLLOWED_DRIFT = 1e-3;

export interface EmbeddedClockOptions {
  readonly maxSkewMs: number;
  readonly onTrustChange?: (change: TrustChange) => void;
  readonly sources?: TimeSources;
}

/**
 * Trusted time where one process owns the store: the wall clock, while it moves as the monotonic one does. What the
 * wall clock says at the start is believed, since between two runs there is nothing to compare it with.
 */
export function embeddedClock(options: EmbeddedClockOptions): ComparingClock {
  return new ComparedClock(options);
}

/** An offset is the wall clock minus the monotonic one: it changes when one of them steps. */
class ComparedClock implements ComparingClock {
  readonly #sources: TimeSources;
  readonly #maxSkewMs: number;
  readonly #onTrustChange: (change: TrustChange) => void;
  #offset = 0;
  #followedAt = 0;
  #lastTrusted = 0;
  /** A step that is not believed yet. */
  #step: { readonly offset: number; readonly since: number } | undefined;

  constructor({ maxSkewMs, onTrustChange = () => undefined, sources = PROCESS_TIME }: EmbeddedClockOptions) {
    this.#sources = sources;
    this.#maxSkewMs = maxSkewMs;
    this.#onTrustChange = onTrustChange;
    this.#believe(sources.wall(), sources.monotonic());
  }

  read(): Reading {
    const monotonic = this.#sources.monotonic();
    const wall = this.#sources.wall();
    if (Math.abs(wall - monotonic - this.#offset) > this.#maxSkewMs)
      return this.#readStepped(wall, monotonic);
    if (this.#step !== undefined) {
      this.#step = undefined;
      this.#onTrustChange({ trusted: true, message: 'The wall clock stepped back to where it should be.' });
    }
    this.#follow(wall, monotonic);
    return { now: wall, trusted: true };
  }

  monotonic(): number {
    return this.#sources.monotonic();
  }

  acceptStep(): void {
    const wasTrusted = this.#step === undefined;
    this.#believe(this.#sources.wall(), this.#sources.monotonic());
    if (!wasTrusted) {
      this.#onTrustChange({ trusted: true, message: 'An operator accepted the time of the wall clock.' });
    }
  }

  skewMs(): number {
    return this.#sources.wall() - this.#sources.monotonic() - this.#offset;
  }

  #readStepped(wall: number, monotonic: number): Reading {
    const size = signedSeconds(wall - monotonic - this.#offset);
    const step = this.#step;
    const held = step !== undefined && Math.abs(wall - monotonic - step.offset) <= this.#maxSkewMs;
    if (held && monotonic - step.since >= STEP_HOLD_MS) {
      this.#believe(wall, monotonic);
      const message = `The wall clock stepped by ${size} and kept to it for 60 s: it is believed now.`;
      this.#onTrustChange({ trusted: true, message });
      return { now: wall, trusted: true };
    }
    const distrust = `The wall clock stepped by ${size}; it is believed once that holds for 60 s, or after ResetClock.`;
    if (!held) this.#step = { offset: wall - monotonic, since: monotonic };
    if (step === undefined) this.#onTrustChange({ trusted: false, message: distrust });
    return { now: this.#lastTrusted, trusted: false, distrust };
  }

  #believe(wall: number, monotonic: number): void {
    this.#offset = wall - monotonic;
    this.#followedAt = monotonic;
    this.#lastTrusted = wall;
    this.#step = undefined;
  }

  #follow(wall: number, monotonic: number): void {
    const reach = (monotonic - this.#followedAt) * FOLLOWED_DRIFT;
    const drift = wall - monotonic - this.#offset;
    this.#offset += Math.max(-reach, Math.min(reach, drift));
    this.#followedAt = monotonic;
    this.#lastTrusted = wall;
  }
}
