import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Terminal } from '../../src/cli/output.js';
import { Progress, timeLeft } from '../../src/cli/progress.js';

/** What stands on a terminal of one line once everything that was written has been obeyed. */
class FakeScreen extends Writable {
  readonly isTTY = true;
  readonly columns = 80;
  written = '';
  line = '';
  private column = 0;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const text = chunk.toString();
    this.written += text;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal obeys.
    for (const [part] of text.matchAll(/\u001b\[?[?\d;]*[A-Za-z78]|[\s\S]/g)) this.obey(part);
    done();
  }

  private obey(part: string): void {
    if (part === '\n') [this.line, this.column] = ['', 0];
    else if (part === '\r' || part === '\u001b[1G') this.column = 0;
    else if (part === '\u001b[0K') this.line = this.line.slice(0, this.column);
    else if (part === '\u001b[2K') this.line = '';
    else if (!part.startsWith('\u001b')) {
      this.line =
        this.line.slice(0, this.column).padEnd(this.column) + part + this.line.slice(this.column + 1);
      this.column += 1;
    }
  }
}

class FakeProcess extends EventEmitter {
  readonly pid = 7;
  readonly kill = vi.fn((_pid: number, _signal?: string | number) => true as const);
}

function shownOn(terminal?: Terminal) {
  let err = '';
  const signals = new FakeProcess();
  const output = {
    err: (text: string) => {
      err += text;
    },
    terminal,
  };
  const progress = new Progress(output, () => Date.now(), signals as unknown as NodeJS.Process);
  return { progress, signals, err: () => err };
}

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

describe('on a terminal', () => {
  it('is a bar with the part, the share of it and the time left, and is gone at the end', () => {
    const screen = new FakeScreen();
    const { progress } = shownOn(screen);
    progress.begin({ what: 'copying', pieces: 12_000, of: 'documents' });
    vi.advanceTimersByTime(30_000);
    progress.reach(3_000);
    expect(screen.line).toBe('copying ██████░░░░░░░░░░░░░░░░ 25% of 12,000 documents, 90 s left');
    vi.advanceTimersByTime(10_000);
    progress.reach(6_000);
    vi.advanceTimersByTime(100);
    expect(screen.line).toBe('copying ███████████░░░░░░░░░░░ 50% of 12,000 documents, 40 s left');
    progress.begin({ what: 'verifying', pieces: 0, of: 'documents' });
    progress.begin({ what: 'replaying', pieces: 1 });
    vi.advanceTimersByTime(1_000);
    progress.reach(2);
    expect(screen.line).toBe('replaying ██████████████████████ 100%, 0 s left');
    progress.end();
    expect(screen.line).toBe('');
    vi.advanceTimersByTime(60_000);
    progress.reach(3);
    expect(screen.line).toBe('');
  });

  it('is not there for what is done at once', () => {
    const screen = new FakeScreen();
    const { progress } = shownOn(screen);
    progress.begin({ what: 'copying', pieces: 2, of: 'budgets' });
    vi.advanceTimersByTime(200);
    progress.reach(2);
    progress.end();
    expect(screen.written).toBe('');
  });

  it('makes room for what is printed beside it, and comes back', () => {
    const screen = new FakeScreen();
    const { progress } = shownOn(screen);
    progress.begin({ what: 'copying', pieces: 2, of: 'budgets' });
    vi.advanceTimersByTime(900);
    progress.reach(1);
    let before = 'nothing was printed';
    progress.beside(() => {
      before = screen.line;
      screen.write('anthropic: copied\n');
    });
    expect([before, screen.line]).toEqual(['', '']);
    vi.advanceTimersByTime(100);
    progress.reach(1);
    expect(screen.line).toBe('copying ███████████░░░░░░░░░░░ 50% of 2 budgets, 1 s left');
    progress.end();
  });

  it.each(['SIGINT', 'SIGTERM'])(
    'leaves a clean line when %s ends the process, as it would without',
    (signal) => {
      const screen = new FakeScreen();
      const { progress, signals } = shownOn(screen);
      vi.advanceTimersByTime(900);
      progress.begin({ what: 'copying', pieces: 2, of: 'budgets' });
      progress.reach(1);
      expect(screen.line).not.toBe('');
      signals.emit(signal, signal);
      expect(screen.line).toBe('');
      // Nobody listens any more, so the signal is obeyed.
      expect(signals.eventNames()).toEqual([]);
      expect(signals.kill).toHaveBeenCalledExactlyOnceWith(7, signal);
    },
  );

  it('hears no signal before it is drawn, and none after', () => {
    const { progress, signals } = shownOn(new FakeScreen());
    expect(signals.eventNames()).toEqual([]);
    vi.advanceTimersByTime(900);
    progress.reach(1);
    expect(signals.eventNames()).toEqual(['SIGINT', 'SIGTERM']);
    progress.end();
    expect(signals.eventNames()).toEqual([]);
  });

  it('that cannot go back to the start of a line, it is lines', () => {
    const screen = new FakeScreen();
    const told: string[] = [];
    const err = (text: string) => void told.push(text);
    const output = { out: () => {}, err, terminal: screen };
    const progress = Progress.of({ environment: { TERM: 'dumb' }, output }, () => Date.now());
    progress.begin({ what: 'copying', pieces: 2, of: 'budgets' });
    vi.advanceTimersByTime(10_000);
    progress.reach(1);
    progress.end();
    expect([screen.written, told]).toEqual(['', ['copying: 50% of 2 budgets, 10 s left\n']]);
  });
});

describe('where nobody looks on', () => {
  it('is a line every ten seconds, and none for what is done before', () => {
    const { progress, err } = shownOn();
    progress.begin({ what: 'copying', pieces: 1_000, of: 'documents' });
    for (let done = 1; done <= 250; done += 1) {
      vi.advanceTimersByTime(100);
      progress.reach(done);
    }
    progress.end();
    expect(err()).toBe(
      'copying: 10% of 1,000 documents, 90 s left\ncopying: 20% of 1,000 documents, 80 s left\n',
    );
  });
});

it.each([
  [999, 0.5, undefined],
  [1_000, 0, undefined],
  [1_000, 0.5, 1_000],
  [9_000, 0.9, 1_000],
  [9_000, 1, 0],
])('after %i ms at %f so much is left: %s', (elapsed, share, left) => {
  const found = timeLeft(elapsed, share);
  expect(found === undefined ? undefined : Math.round(found)).toBe(left);
});
