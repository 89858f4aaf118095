import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../cli/support.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The demo's temporary folder is made in here, so that one left behind is seen. */
let temporary = '';

beforeAll(async () => {
  temporary = await mkdtemp(path.join(tmpdir(), 'demo-test-'));
});

afterAll(() => rm(temporary, { recursive: true, force: true }));

describe('the demo', () => {
  it('shows slots, denials and a crash, and proves that the books balance', async () => {
    const recording = path.join(temporary, 'run.jsonl');
    const { output, code } = await demo(['--seconds', '5', '--record', recording]);
    expect(output).toMatch(/^the books balance$/m);
    expect(code).toBe(0);
    expect(refusals(output)).toEqual(
      expect.objectContaining({ CONCURRENCY: expect.any(Number), HOURLY_CAP: expect.any(Number) }),
    );
    expect(Object.keys(refusals(output)).length).toBeGreaterThanOrEqual(3);
    expect(output).toMatch(/killed +conquest with SIGKILL/);
    expect(output).toMatch(/expired +conquest slot \d+, [\d,]+ reported, [\d,]+ presumed spent/);
    expect(output).toMatch(/its slot went to \w+, \d+ ms after the lease had ended/);
    // The third: a machine that was slow to write the journal.
    expect(output).toMatch(
      /report trace-\d+ was under way: it (was told again|had been booked|had not reached)/,
    );
    expect(await folders()).toEqual([]);
    let { selfCheck } = await replayed(recording);
    expect(selfCheck.recorded).toBeGreaterThan(50);
    // Real timers are late by a millisecond or two, and may let somebody in between: each time that differs by two outcomes or more, since
    // the AIs meet at the ends of their cooldowns. A quiet machine reproduces all of about 140, busy ones all but 8 and 20. So a demo that
    // was disturbed is tried again: a recording that is wrong would be wrong each time.
    for (let again = 0; again < 2 && selfCheck.otherwise >= selfCheck.recorded / 10; again += 1) {
      await rm(recording);
      await demo(['--seconds', '5', '--record', recording]);
      ({ selfCheck } = await replayed(recording));
    }
    expect(selfCheck.otherwise).toBeLessThan(selfCheck.recorded / 10);
  });

  it('shows what a guarantee is worth, beside the same without', async () => {
    const { output, code } = await demo(['--teams', '--seconds', '5']);
    expect(output).toMatch(/^guardian was never refused because of others where it has its guarantee$/m);
    expect(output).toMatch(/tokens, never refused +[\d,]+ tokens, \d+ refused$/m);
    expect(output).toMatch(/without, guardian is refused by \w+ \d+/);
    expect(code).toBe(0);
    expect(await folders()).toEqual([]);
  });

  it('ends in order when it is interrupted', async () => {
    const { code } = await demo(['--seconds', '300'], (line, child) => {
      if (line.includes('granted')) child.kill('SIGINT');
    });
    expect(code).toBe(130);
    expect(await folders()).toEqual([]);
  });

  it('names what is wrong with its options', async () => {
    const { output, code } = await demo(['--seconds', '1']);
    expect(code).toBe(2);
    expect(output).toContain('the replay must take 5 to 300 seconds');
    expect(await folders()).toEqual([]);
  });
});

async function replayed(
  recording: string,
): Promise<{ selfCheck: { readonly recorded: number; readonly otherwise: number } }> {
  return JSON.parse((await cli(['replay', '--trace', recording, '--json'])).out);
}

/** How often each rule refused, from the report at the end. */
function refusals(output: string): Record<string, number> {
  const report = output.slice(output.indexOf('\ndenied '), output.indexOf('\nthe crash'));
  const rows = report.matchAll(/^ {3}([A-Z_]+) +(\d+)$/gm);
  return Object.fromEntries([...rows].map(([, rule = '', count]) => [rule, Number(count)]));
}

async function folders(): Promise<string[]> {
  return (await readdir(temporary)).filter((name) => name.startsWith('budget-demo-'));
}

async function demo(
  args: string[],
  onLine: (line: string, child: ChildProcess) => void = () => {},
): Promise<{ output: string; code: number | null }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/demo/main.ts', ...args], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      onLine(line, child);
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { output: lines.join('\n'), code };
}
