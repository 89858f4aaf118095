import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Service, startService } from '../support/service.js';
import { failedStart, spawnService } from './support/failed-start.js';

/** Nobody listens there. */
const UNREACHABLE = 'mongodb://user:hunter2@127.0.0.1:1/';

describe('a start that cannot succeed says why in one line', () => {
  let folder: string;
  let service: Service;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'arbiter-failed-'));
    service = await startService({ env: { DATA_DIR: path.join(folder, 'locked') } });
  });
  afterAll(async () => {
    await service?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function expectFailure(env: Record<string, string>, reason: RegExp, exitCode: number): Promise<void> {
    const { code, stdout, stderr } = await failedStart({ DATA_DIR: path.join(folder, 'unused'), ...env });
    expect(stderr).toMatch(/^budget-arbiter: [^\n]+\n$/);
    expect(stderr).toMatch(reason);
    expect(stderr + stdout).not.toMatch(/hunter2|\n\s+at /);
    expect(stdout).not.toContain('listening');
    expect(code).toBe(exitCode);
  }

  it('a port in use', async () => {
    const { grpcAddress, httpAddress } = service;
    await expectFailure(
      { GRPC_ADDRESS: grpcAddress },
      /GRPC_ADDRESS: cannot listen on .* another process/,
      1,
    );
    await expectFailure(
      { HTTP_ADDRESS: httpAddress },
      /HTTP_ADDRESS: cannot listen on .* another process/,
      1,
    );
  });

  it('a data folder in use', async () => {
    const DATA_DIR = path.join(folder, 'locked');
    await expectFailure(
      { DATA_DIR },
      /locked is in use by another process\. Stop that one, or .*DATA_DIR/,
      1,
    );
  });

  it('a data folder that is damaged', async () => {
    const DATA_DIR = path.join(folder, 'damaged');
    const before = await startService({ env: { DATA_DIR } });
    await before.stop();
    await writeFile(path.join(DATA_DIR, 'budgets.mdb'), Buffer.alloc(40_000, 'not a page of LMDB '));
    await expectFailure({ DATA_DIR }, /damaged\/budgets\.mdb is damaged/, 1);
  });

  it.each([
    ['below a file', path.join('/dev/null', 'data')],
    ['in a folder that takes none', '/proc/budget-arbiter/data'],
  ])('a data folder %s', async (_where, DATA_DIR) => {
    await expectFailure({ DATA_DIR }, /Cannot use the data folder \/(dev|proc)/, 1);
  });

  it.each([
    [{ GRPC_ADDRESS: '0.0.0.0:0' }, /GRPC_ADDRESS: other machines reach 0\.0\.0\.0:0.*ALLOW_INSECURE=true/],
    [{ HTTP_ADDRESS: '[::]:0' }, /HTTP_ADDRESS: other machines reach .*ALLOW_INSECURE=true/],
    [{ LOG_LEVEL: 'loud' }, /LOG_LEVEL: "loud" is not one of debug, info, warn, error/],
    [{ CONFIG_FILE: '/nowhere.yaml' }, /CONFIG_FILE: cannot read "\/nowhere\.yaml"/],
    [{ MONGODB_URI: 'mongodb://u:hunter2@h:x' }, /MONGODB_URI: it is not a MongoDB URI/],
  ])('%j', async (env, reason) => {
    await expectFailure(env as Record<string, string>, reason, 2);
  });

  it('every wrong setting, on a line of its own', async () => {
    const { code, stderr } = await failedStart({ LOG_LEVEL: 'loud', DEFAULT_BUDGET: 'No' });
    expect(code).toBe(2);
    expect(stderr).toMatch(/LOG_LEVEL[^\n]*\n[^\n]*DEFAULT_BUDGET|DEFAULT_BUDGET[^\n]*\n[^\n]*LOG_LEVEL/);
  });

  it('a MongoDB that does not answer gets a line for each try, and can be stopped meanwhile', async () => {
    const child = spawnService({ MONGODB_URI: UNREACHABLE });
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const tries: Record<string, unknown>[] = [];
    for await (const line of lines) {
      expect(line).not.toContain('hunter2');
      tries.push(JSON.parse(line) as Record<string, unknown>);
      if (tries.length === 2) break;
    }
    const reason = expect.stringContaining('127.0.0.1:1 does not answer');
    expect(tries).toMatchObject([1, 2].map((attempt) => ({ level: 'warn', attempt, reason })));
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([0, null]);
  });
});
