import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LoadedClients } from '../support/loaded-client.js';
import { newSeed } from '../support/seed.js';
import { type Service, startService } from '../support/service.js';
import { run } from './support/command.js';
import { Load } from './support/load.js';
import { logTexts } from './support/logs.js';
import { describeWith } from './support/needs.js';
import { pause } from './support/pause.js';

const root = process.getuid?.() === 0 ? true : undefined;

describeWith('the disk of the embedded store', root, 'it mounts file systems: run it as root', () => {
  let disk: string;
  let service: Service | undefined;

  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), 'budget-arbiter-disk-'));
    await run('mount', '-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk);
  });
  afterEach(async () => {
    await service?.kill();
    service = undefined;
    await run('umount', '-l', disk);
    await rm(disk, { recursive: true });
  });

  /** Takes all the room that is left. */
  async function fillUp(): Promise<string> {
    const ballast = join(disk, 'ballast');
    await run('dd', 'if=/dev/zero', `of=${ballast}`, 'bs=4096').catch(() => undefined);
    return ballast;
  }

  it('is full: callers are told, nothing is lost, and all is well when there is room', async () => {
    service = await startService({ env: { DATA_DIR: disk } });
    const load = await new Load(service.grpcAddress, 'full', newSeed('load')).start();
    await load.answered(200);
    for (let time = 1; time <= 5; time += 1) {
      const ballast = await fillUp();
      await until(() => (load.record.calls.get('UNAVAILABLE') ?? 0) > 10 * time);
      await pause(500);
      await rm(ballast);
      await load.answered(300);
    }
    await load.settle();
    console.info(`full disk: ${load.record}`);
    expect(load.record.wrongs).toEqual([]);
    const told = expect.stringMatching(/the store does not answer.*budgets\.mdb.*no space left/);
    expect(logTexts(service)).toContainEqual(told);
    // LMDB itself never meets the full disk: it would damage the memory of the process.
    expect(logTexts(service).filter((text) => text.includes('Attempting to write page'))).toEqual([]);
    expect(await service.stop()).toBe(0);
    service = undefined;
  });

  it('is full when the service starts: it serves when there is room, and ends with one line when there is none', async () => {
    await fillUp();
    await expect(startService({ env: { DATA_DIR: disk } })).rejects.toThrow(
      oneLine(/data folder .*No space left/i),
    );
    await rm(join(disk, 'ballast'));
    service = await startService({ env: { DATA_DIR: disk } });
  });

  it('is mounted read-only: the service does not start, and says why in one line', async () => {
    service = await startService({ env: { DATA_DIR: disk } });
    await service.stop();
    await run('mount', '-o', 'remount,ro', disk);
    const refusal = oneLine(/Cannot use the data folder .*(read-only|EROFS)/i);
    await expect(startService({ env: { DATA_DIR: disk } })).rejects.toThrow(refusal);
    await run('mount', '-o', 'remount,rw', disk);
    service = await startService({ env: { DATA_DIR: disk } });
  });

  it('has a file that was cut short or changed: the service does not start, and says how to restore', async () => {
    service = await startService({ env: { DATA_DIR: disk } });
    const load = await new Load(service.grpcAddress, 'damage', newSeed('load')).start();
    await load.answered(200);
    await load.settle();
    await service.stop();
    const path = join(disk, 'budgets.mdb');
    const backup = join(disk, 'backup');
    await run('cp', path, backup);
    const refusal = oneLine(/budgets\.mdb is damaged.*put a backup in its place/);
    for (const damage of [
      'truncate -s 64k "$0"',
      // The zone in every head, also where one line holds several: a byte at a place of its own might be in no page that is in use.
      'LC_ALL=C sed -i s/UTC/UTX/g "$0"',
      'head -c 100k /dev/urandom >"$0"',
    ]) {
      await run('sh', '-c', damage, path);
      await expect(startService({ env: { DATA_DIR: disk } }), damage).rejects.toThrow(refusal);
      await run('cp', backup, path);
    }
    await writeFile(join(disk, 'unrelated'), 'x');
    service = await startService({ env: { DATA_DIR: disk } });
  });

  it('has a file that is cut short under a running service: it ends, and does not start again', async () => {
    service = await startService({ env: { DATA_DIR: disk } });
    const clients = new LoadedClients(service.grpcAddress);
    await run('truncate', '-s', '8k', join(disk, 'budgets.mdb'));
    const deadline = Date.now() + 3_000;
    await clients.call('GetLease', { lease_id: 'none' }, { deadline }).catch(() => undefined);
    const ask = () => clients.admin('ListBudgets', {}, { deadline: Date.now() + 1_000 });
    await expect
      .poll(
        () =>
          ask().then(
            () => 'an answer',
            () => 'none',
          ),
        { timeout: 10_000 },
      )
      .toBe('none');
    clients.close();
    await service.kill();
    service = undefined;
    const refusal = oneLine(/budgets\.mdb is damaged.*put a backup in its place/);
    await expect(startService({ env: { DATA_DIR: disk } })).rejects.toThrow(refusal);
  });

  it('is in use by another process: the second one ends with one line, and the first goes on', async () => {
    service = await startService({ env: { DATA_DIR: disk } });
    const load = await new Load(service.grpcAddress, 'two', newSeed('load')).start();
    await load.answered(100);
    const refusal = oneLine(/The data folder .* is in use by another process.*DATA_DIR/);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(startService({ env: { DATA_DIR: disk } })).rejects.toThrow(refusal);
    }
    await load.answered(100);
    await load.settle();
    expect(load.record.wrongs).toEqual([]);
  });
});

/** The whole of what a service says before it ends with code 1. */
function oneLine(message: RegExp): RegExp {
  return new RegExp(`^The service ended with code 1:\\n[^\\n]*${message.source}[^\\n]*$`, message.flags);
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error('it did not come to that');
    await pause(20);
  }
}
