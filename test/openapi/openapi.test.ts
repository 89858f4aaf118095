import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it, type TestContext } from 'vitest';
import { tokenDigest } from '../../src/access/bearer-tokens.js';
import { startService } from '../support/service.js';
import { schemathesis } from './schemathesis.js';

const TOKEN = 'operator-of-the-test';

async function withCredentials(context: TestContext): Promise<Record<string, string>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'openapi-'));
  context.onTestFinished(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'config.yaml');
  const roles = "[{role: operator, budgets: '*'}]";
  await writeFile(
    file,
    `credentials:\n  tokens:\n    - {name: tester, sha256: ${tokenDigest(TOKEN)}, roles: ${roles}}\n`,
  );
  return { CONFIG_FILE: file };
}

/** Beside each other: those who show wrong credentials wait for their answers. */
it.concurrent.for([false, true])(
  'does what /openapi.json says; with credentials: %s',
  async (closed, context) => {
    const { expect } = context;
    const seed = Number(process.env['SEED'] ?? 20_261_124);
    console.log(`seed ${seed}; again: SEED=${seed} npm run test:openapi`);
    const service = await startService({ env: closed ? await withCredentials(context) : {} });
    context.onTestFinished(async () => {
      await service.stop();
    });
    for (const { code, printed } of await schemathesis(
      service.httpAddress,
      seed,
      closed ? TOKEN : undefined,
    )) {
      expect(printed).toMatch(/[1-9]\d+ generated/);
      expect(code, printed).toBe(0);
    }
    expect(service.logs.filter(({ level, text }) => text !== undefined || level === 'error')).toEqual([]);
  },
);
