import cliProgress from 'cli-progress';
import { PROCESS_TIME } from '../platform/clock.js';
import type { WorkPart, WorkProgress } from '../platform/work-progress.js';
import { counted, spanText } from './closing-line.js';
import type { Output, Run } from './output.js';

const LINE_EVERY_MS = 10_000;
const DRAW_EVERY_MS = 100;
/** What is done at once needs no bar: it would only flicker. */
const DRAWN_AFTER_MS = 300;
/** Before that, the time left is a guess. */
const JUDGED_AFTER_MS = 1_000;

/** What stands beside the bar at most. */
const WORDS_WIDTH = 58;
const WIDEST_BAR = 30;

const NOTHING: WorkPart = { what: '', pieces: 0 };
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
type Signals = Pick<NodeJS.Process, 'once' | 'off' | 'kill' | 'pid'>;

/**
 * How far long work is, on standard error: a bar on a terminal, a line now and then elsewhere, and nothing of what is done at once.
 */
export class Progress implements WorkProgress {
  private readonly beganAt: number;
  private part = NOTHING;
  private partBeganAt: number;
  private reached = 0;
  private nextAt: number;
  private bar: cliProgress.SingleBar | undefined;

  constructor(
    private readonly output: Pick<Output, 'err' | 'terminal'>,
    /** Milliseconds from any start. */
    private readonly now: () => number = PROCESS_TIME.monotonic,
    private readonly signals: Signals = process,
  ) {
    this.beganAt = now();
    this.partBeganAt = this.beganAt;
    this.nextAt = this.beganAt + (output.terminal === undefined ? LINE_EVERY_MS : DRAWN_AFTER_MS);
  }

  static of({ environment, output }: Pick<Run, 'environment' | 'output'>, now?: () => number): Progress {
    const { err, terminal } = output;
    // It cannot go back to the start of a line.
    return new Progress(environment['TERM'] === 'dumb' ? { err } : { err, terminal }, now);
  }

  get elapsedMs(): number {
    return this.now() - this.beganAt;
  }

  begin(part: WorkPart): void {
    this.part = part;
    this.reached = 0;
    this.partBeganAt = this.now();
    this.bar?.update(0);
  }

  reach(pieces: number): void {
    this.reached = pieces;
    const now = this.now();
    if (now < this.nextAt) return;
    if (this.output.terminal !== undefined) {
      this.nextAt = now + DRAW_EVERY_MS;
      this.bar ??= this.newBar(this.output.terminal);
      this.bar.update(this.share);
    } else {
      this.nextAt = now + LINE_EVERY_MS;
      this.output.err(`${this.part.what}: ${this.words()}\n`);
    }
  }

  /** Prints something else: the bar makes room for it, and comes back. */
  beside(print: () => void): void {
    this.clear();
    print();
  }

  /** Takes the bar away. */
  end(): void {
    this.clear();
    this.nextAt = Number.POSITIVE_INFINITY;
  }

  private newBar(stream: NonNullable<Output['terminal']>): cliProgress.SingleBar {
    const barsize = Math.max(1, Math.min(WIDEST_BAR, (stream.columns ?? 80) - WORDS_WIDTH));
    const bar = new cliProgress.SingleBar(
      {
        // Nothing is set on the terminal that a kill would leave there.
        ...{ stream, barsize, clearOnComplete: true, hideCursor: false, linewrap: true },
        format: (options, params) =>
          `${this.part.what} ${cliProgress.Format.BarFormat(params.progress, options)} ${this.words()}`,
      },
      cliProgress.Presets.shades_classic,
    );
    bar.start(1, this.share);
    for (const signal of SIGNALS) this.signals.once(signal, this.interrupted);
    return bar;
  }

  /** Whoever is at the terminal gets a clean line, and the signal does what it does without a bar. */
  private readonly interrupted = (signal: NodeJS.Signals): void => {
    this.clear();
    this.signals.kill(this.signals.pid, signal);
  };

  private clear(): void {
    if (this.bar === undefined) return;
    this.bar.stop();
    this.bar = undefined;
    for (const signal of SIGNALS) this.signals.off(signal, this.interrupted);
  }

  /** 0 to 1: there may be more than could be known before. */
  private get share(): number {
    const { pieces } = this.part;
    return pieces > 0 ? Math.min(1, Math.max(0, this.reached / pieces)) : 1;
  }

  private words(): string {
    const { pieces, of } = this.part;
    const percent = `${Math.floor(this.share * 100)}%`;
    const whole = of === undefined ? percent : `${percent} of ${counted({ count: pieces, of })}`;
    const left = timeLeft(this.now() - this.partBeganAt, this.share);
    return left === undefined ? whole : `${whole}, ${spanText(left)} left`;
  }
}

/** At the pace of so far; undefined while that says nothing. */
export function timeLeft(elapsedMs: number, share: number): number | undefined {
  if (elapsedMs < JUDGED_AFTER_MS || share <= 0) return undefined;
  return (elapsedMs * (1 - share)) / share;
}
