import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe('the demo', () => {
  it('shows slots, denials and a crash, and proves that the books balance', { timeout: 60_000 }, async () => {
    const { output, code } = await demo('--seconds', '12');
    expect(output).toContain('the books balance');
    expect(output).toContain('conquest is killed (SIGKILL) while it holds a slot');
    expect(output).toMatch(/conquest's lease expired, [\d,]+ tokens presumed spent/);
    const rules = new Set(
      [...output.matchAll(/was denied by ([A-Z_, ]+)/g)].flatMap(([, by = '']) => by.split(', ')),
    );
    expect([...rules]).toEqual(expect.arrayContaining(['COOLDOWN', 'CONCURRENCY', 'HOURLY_CAP']));
    expect(code).toBe(0);
  });
});

function demo(...args: string[]): Promise<{ output: string; code: number }> {
  return new Promise((resolve) => {
    const command = ['--import', 'tsx', 'examples/demo/main.ts', ...args];
    execFile(process.execPath, command, { cwd: ROOT }, (error, stdout, stderr) => {
      resolve({
        output: stdout + stderr,
        code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1,
      });
    });
  });
}
