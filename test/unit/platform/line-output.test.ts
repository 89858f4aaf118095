import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { lineOutput } from '../../../src/platform/pino-log.js';

const folder = mkdtempSync(join(tmpdir(), 'line-output-'));
const file = join(folder, 'lines');
const LINES = Array.from({ length: 1_000 }, (_, index) => `line ${index} ü\n`);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('lineOutput', () => {
  it('writes every line in order, in the background and at the last flush', async () => {
    const fd = openSync(file, 'w');
    const output = lineOutput(fd);
    for (const line of LINES) output.write(line);
    await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toBe(LINES.join('')));
    output.write('a\n');
    await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toMatch(/a\n$/));
    output.flush();
    closeSync(fd);
    expect(readFileSync(file, 'utf8')).toBe(`${LINES.join('')}a\n`);
  });

  it('lets a process end whose reader is gone', async () => {
    const module = new URL('../../../src/platform/pino-log.ts', import.meta.url);
    const script = `
      import { lineOutput } from ${JSON.stringify(module.href)};
      const output = lineOutput(1);
      process.once('exit', () => output.flush());
      process.stdin.once('data', () => {
        for (let count = 0; count < 1000; count += 1) output.write('x'.repeat(1000) + '\\n');
        output.flush();
        process.exit(3);
      });
      output.write('ready\\n');
    `;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdout.destroy();
    child.stdin.end('go');
    expect(await ended).toBe(3);
  });
});
