import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { probeOptions } from '../../src/cli/health.js';

describe('health, which runs every few seconds', () => {
  it('loads no package', () => {
    // Node writes there every script that it ran.
    const folder = mkdtempSync(join(tmpdir(), 'health-'));
    const env = { ...process.env, NODE_V8_COVERAGE: folder };
    const { status, stderr } = spawnSync(
      process.execPath,
      ['dist/bin.js', 'health', '--http-address', '127.0.0.1:1'],
      { env, encoding: 'utf8' },
    );
    const [written = ''] = readdirSync(folder);
    const { result } = JSON.parse(readFileSync(join(folder, written), 'utf8')) as {
      result: { url: string }[];
    };
    rmSync(folder, { recursive: true });
    const loaded = result.map(({ url }) => url).filter((url) => url.startsWith('file:'));
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('nothing listens'),
    });
    expect(loaded).toContainEqual(expect.stringMatching(/\/dist\/cli\/health\.js$/));
    expect(loaded.filter((url) => /node_modules|program\.js|settings\.js/.test(url))).toEqual([]);
  });

  it.each([
    [[], {}],
    [['--live'], { live: true }],
    [['--http-address', '[::1]:80', '--live'], { live: true, httpAddress: '[::1]:80' }],
    [['--http-address=a:80'], { httpAddress: 'a:80' }],
  ])('reads %j by itself', (args, options) => {
    expect(probeOptions(['health', ...args])).toEqual(options);
  });

  it.each([['--help'], ['--liv'], ['more'], ['--http-address'], ['--live=yes']])(
    'leaves %s to the program, which says what is wrong',
    (...args) => {
      expect(probeOptions(['health', ...args])).toBeUndefined();
    },
  );

  it('is asked by its name alone', () => {
    expect(probeOptions([])).toBeUndefined();
    expect(probeOptions(['status'])).toBeUndefined();
  });
});
