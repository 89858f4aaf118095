import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url));
const NODE = [process.execPath, '--import', import.meta.resolve('tsx')];
/** Process ids of its own, from 1, as each container has. */
const CONTAINER = ['--pid', '--fork', '--kill-child', '--mount-proc'];
const hasContainers = spawnSync('unshare', [...CONTAINER, 'true']).status === 0;

/** A backup of the embedded store in another container than the service's, as a CronJob makes it. */
describe.skipIf(!hasContainers && !process.env['CI'])('a second container on the volume: as root', () => {
  const folder = mkdtempSync(join(tmpdir(), 'containers-'));
  const env = {
    PATH: process.env['PATH'],
    DATA_DIR: join(folder, 'store'),
    GRPC_ADDRESS: '127.0.0.1:0',
    HTTP_ADDRESS: '127.0.0.1:0',
  };
  let service: ChildProcess;

  beforeAll(async () => {
    service = spawn('unshare', [...CONTAINER, ...NODE, join(SOURCES, 'main.ts')], { env });
    for await (const line of createInterface({ input: service.stdout ?? process.stdin })) {
      if (line.includes('"listening"')) return;
    }
    throw new Error('the service ended');
  });
  afterAll(async () => {
    const ended = once(service, 'close');
    service.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true });
  });

  const backup = (name: string, ...before: readonly string[]) => {
    const command = [...NODE, join(SOURCES, 'bin.ts'), 'backup', '--to', join(folder, name)];
    return spawnSync('unshare', [...CONTAINER, ...before, ...command], { env, encoding: 'utf8' });
  };

  it('makes a backup, as another than its first process', () => {
    const { status, stdout, stderr } = backup('as-another', 'sh', '-c', '"$@"; exit $?', 'sh');
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stdout).toContain('is the backup');
  });

  it('is told why it makes none as its first one, which the service is in its own', () => {
    const { status, stdout, stderr } = backup('as-first');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^[^\n]*has the process id of this command, 1, in another container[^\n]*\n$/);
  });
});
