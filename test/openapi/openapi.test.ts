import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { tokenDigest } from '../../src/access/bearer-tokens.js';
import { type Service, startService } from '../support/service.js';
import { schemathesis } from './schemathesis.js';

const TOKEN = 'operator-of-the-test';

let service: Service | undefined;
let folder: string | undefined;
afterEach(async () => {
  await service?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true });
});

async function withCredentials(): Promise<Record<string, string>> {
  folder = await mkdtemp(path.join(tmpdir(), 'openapi-'));
  const file = path.join(folder, 'config.yaml');
  const roles = "[{role: operator, budgets: '*'}]";
  await writeFile(
    file,
    `credentials:\n  tokens:\n    - {name: tester, sha256: ${tokenDigest(TOKEN)}, roles: ${roles}}\n`,
  );
  return { CONFIG_FILE: file };
}

it.each([false, true])('does what /openapi.json says; with credentials: %s', async (closed) => {
  const seed = Number(process.env['SEED'] ?? 20_261_124);
  console.log(`seed ${seed}; again: SEED=${seed} npm run test:openapi`);
  service = await startService({ env: closed ? await withCredentials() : {} });
  for (const { code, printed } of await schemathesis(service.httpAddress, seed, closed ? TOKEN : undefined)) {
    expect(printed).toMatch(/[1-9]\d+ generated/);
    expect(code, printed).toBe(0);
  }
  expect(service.logs.filter(({ level, text }) => text !== undefined || level === 'error')).toEqual([]);
});
