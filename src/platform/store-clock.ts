import {
  type ComparingClock,
  PROCESS_TIME,
  type Reading,
  signedSeconds,
  type TimeSources,
  type TrustChange,
} from './clock.js';

/** How often the store is asked. */
export const SAMPLE_EVERY_MS = 5_000;
/**
 * How long time is carried forward without the store. A monotonic clock drifts by less than 60 ms in that time, and the wall
 * clock is compared at every reading; but a store out of reach for longer may be another one when it is back.
 */
export const SAMPLE_MAX_AGE_MS = 5 * 60_000;

/**
 * How much less a sample tells with every millisecond that it is carried forward: daemons slew clocks by at most 500
 * millionths, and crystals are off by 100.
 */
const DRIFT = 1e-3;

/** What the store told of its time. */
interface Sample {
  readonly storeTime: number;
  readonly monotonic: number;
  /** The store's time is within this much of it: half the round trip, since nobody knows which way was the slow one. */
  readonly uncertainty: number;
}

export interface StoreClockOptions {
  readonly maxSkewMs: number;
  /** The store's time with half the round trip added; undefined if it could not be had. */
  readonly sample: () => Promise<number | undefined>;
  readonly onTrustChange?: (change: TrustChange) => void;
  readonly sources?: TimeSources;
}

export interface StoreClock extends ComparingClock {
  /** Takes the first sample, and more every few seconds until `stop`. Never fails: without a sample, no trust. */
  start(): Promise<void>;
  stop(): void;
  /** Takes a sample now. */
  resample(): Promise<void>;
}

/**
 * Trusted time where several replicas share a store: the store's, carried forward by the monotonic clock, while it agrees
 * with this process's own wall clock. Which of the two is wrong nobody here can know, so `acceptStep` believes neither:
 * it asks the store again. Untrusted until the first sample; till then `now` is 0, before every stored moment.
 */
export function storeClock(options: StoreClockOptions): StoreClock {
  return new SampledClock(options);
}

class SampledClock implements StoreClock {
  readonly #options: StoreClockOptions;
  readonly #sources: TimeSources;
  #sample: Sample | undefined;
  /** When the store last told a time that the sample in use agrees with. */
  #confirmedAt = 0;
  #sampling: Promise<void> | undefined;
  #lastTrusted = 0;
  /** What was last told of trust; undefined before the first sample, when nothing is worth telling. */
  #told: boolean | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StoreClockOptions) {
    this.#options = options;
    this.#sources = options.sources ?? PROCESS_TIME;
  }

  read(): Reading {
    const verdict = this.#judge();
    if ('now' in verdict) {
      this.#lastTrusted = verdict.now;
      this.#tell(true, "This machine's clock and the store's agree again.");
      return { now: verdict.now, trusted: true };
    }
    this.#tell(false, verdict.distrust);
    return { now: this.#lastTrusted, trusted: false, distrust: verdict.distrust };
  }

  monotonic(): number {
    return this.#sources.monotonic();
  }

  acceptStep(): void {
    void this.resample();
  }

  skewMs(): number | undefined {
    if (this.#sample === undefined) return undefined;
    const { storeTime, monotonic } = this.#sample;
    return this.#sources.wall() - (storeTime + this.#sources.monotonic() - monotonic);
  }

  resample(): Promise<void> {
    this.#sampling ??= this.#takeSample().finally(() => {
      this.#sampling = undefined;
    });
    return this.#sampling;
  }

  async start(): Promise<void> {
    await this.resample();
    this.#timer = setInterval(() => void this.resample(), SAMPLE_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #takeSample(): Promise<void> {
    const asked = this.#sources.monotonic();
    const storeTime = await this.#options.sample().catch(() => undefined);
    const monotonic = this.#sources.monotonic();
    const roundTrip = monotonic - asked;
    if (storeTime === undefined || roundTrip > this.#options.maxSkewMs) return;
    this.#weigh({ storeTime, monotonic, uncertainty: roundTrip / 2 });
  }

  /**
   * A slow answer must not move the time that a fast one told: leases would end early by as much. So the surer sample stays,
   * until drift has made it the less sure one, or until the two cannot both be true: then the store's clock was set.
   */
  #weigh(fresh: Sample): void {
    this.#confirmedAt = fresh.monotonic;
    const { storeTime, monotonic, uncertainty } = this.#sample ?? fresh;
    const age = fresh.monotonic - monotonic;
    const unsure = uncertainty + age * DRIFT;
    const contradicts = Math.abs(storeTime + age - fresh.storeTime) > unsure + fresh.uncertainty;
    if (this.#sample === undefined || contradicts || fresh.uncertainty <= unsure) this.#sample = fresh;
  }

  #judge(): { readonly now: number } | { readonly distrust: string } {
    if (this.#sample === undefined) return { distrust: 'The store has not told its time yet.' };
    const monotonic = this.#sources.monotonic();
    const silence = monotonic - this.#confirmedAt;
    if (silence > SAMPLE_MAX_AGE_MS) {
      return { distrust: `The store has not told its time for ${Math.round(silence / 1000)} s.` };
    }
    const now = this.#sample.storeTime + monotonic - this.#sample.monotonic;
    const skew = this.#sources.wall() - now;
    if (Math.abs(skew) <= this.#options.maxSkewMs) return { now: Math.floor(now) };
    const size = signedSeconds(skew);
    return {
      distrust: `This machine's clock and the store's differ by ${size}. Synchronise both, or raise MAX_CLOCK_SKEW.`,
    };
  }

  #tell(trusted: boolean, message: string): void {
    if (this.#told === trusted || this.#sample === undefined) return;
    const worthTelling = !trusted || this.#told !== undefined;
    this.#told = trusted;
    if (worthTelling) this.#options.onTrustChange?.({ trusted, message });
  }
}
