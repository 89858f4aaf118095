import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newToken } from '../../../src/access/bearer-tokens.js';
import { issue, makeAuthority } from '../../../test/support/certificates.js';
import { type Service, startService } from '../../../test/support/service.js';
import { BudgetClient } from '../src/index.js';
import { optionsFromEnv } from '../src/options.js';

const servers = makeAuthority('authority of servers');
const callers = makeAuthority('authority of callers');
const server = issue(servers, { commonName: 'arbiter' });
const guardian = issue(callers, { commonName: 'guardian', uris: ['spiffe://example.org/guardian'] });
const sandbox = newToken();
const CONFIG = `
tls: {cert: server.pem, key: server.key}
budgets: {calls: {cooldown: 0s, monthly_limit: 1000000000}}
credentials:
  tokens:
    - {name: sandbox, sha256: ${sandbox.sha256}, roles: [{role: ai, budgets: calls, ais: [sandbox]}]}
  mtls:
    client_ca: callers.pem
    principals:
      - {san: spiffe://example.org/guardian, name: guardian, roles: [{role: ai, budgets: calls, ais: [guardian]}]}
`;

let folder: string;
let service: Service;
const file = (name: string) => path.join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'secured-'));
  const files = {
    ...{
      'server.pem': server.cert,
      'server.key': server.key,
      'servers.pem': servers.cert,
      'callers.pem': callers.cert,
    },
    ...{
      'guardian.pem': guardian.cert,
      'guardian.key': guardian.key,
      token: `${sandbox.token}\n`,
      'config.yaml': CONFIG,
    },
  };
  for (const [name, content] of Object.entries(files)) await writeFile(file(name), content);
  service = await startService({ env: { CONFIG_FILE: file('config.yaml') } });
});
afterAll(async () => {
  await service?.stop();
  await rm(folder, { recursive: true, force: true });
});

const NAMES = { cert: 'guardian.pem', key: 'guardian.key', ca: 'servers.pem' };
/** As `fromEnv` reads it; `files` are in the folder. */
async function call(
  ai: string,
  env: Record<string, string>,
  files: Partial<typeof NAMES> = {},
): Promise<string> {
  const { ca, cert, key } = files;
  const options = optionsFromEnv({
    BUDGET_ARBITER_ADDRESS: service.grpcAddress,
    BUDGET_ARBITER_BUDGET: 'calls',
    BUDGET_ARBITER_AI: ai,
    BUDGET_ARBITER_TLS_CA: ca && file(ca),
    BUDGET_ARBITER_TLS_CERT: cert && file(cert),
    BUDGET_ARBITER_TLS_KEY: key && file(key),
    ...env,
  });
  await using client = new BudgetClient({ ...options, patience: 0.3 });
  const outcome = client.withSlot({ estimate: 1 }, (slot) => slot.unused());
  return await outcome.then(
    () => 'granted',
    ({ code, name }) => code ?? name,
  );
}

it.each([
  [
    'a token of a file',
    'sandbox',
    () => ({ BUDGET_ARBITER_TOKEN_FILE: file('token') }),
    { ca: NAMES.ca },
    'granted',
  ],
  ['a token', 'sandbox', () => ({ BUDGET_ARBITER_TOKEN: sandbox.token }), { ca: NAMES.ca }, 'granted'],
  ['a certificate', 'guardian', () => ({}), NAMES, 'granted'],
  [
    'a token that is not for this AI',
    'guardian',
    () => ({ BUDGET_ARBITER_TOKEN: sandbox.token }),
    { ca: NAMES.ca },
    'PERMISSION_DENIED',
  ],
  ['no credentials', 'sandbox', () => ({}), { ca: NAMES.ca }, 'UNAUTHENTICATED'],
  [
    'another authority',
    'sandbox',
    () => ({ BUDGET_ARBITER_TOKEN: sandbox.token }),
    { ca: 'callers.pem' },
    'ArbiterUnavailable',
  ],
] as const)('with %s', async (_, ai, env, files, outcome) => {
  expect(await call(ai, env(), files)).toBe(outcome);
});

it.each([
  ['true', true],
  ['1', true],
  ['no', false],
])('reads a fail open of %s', (text, failOpen) => {
  expect(optionsFromEnv({ BUDGET_ARBITER_FAIL_OPEN: text })).toMatchObject({ failOpen });
});

it('refuses a fail open that is neither true nor false', () => {
  expect(() => optionsFromEnv({ BUDGET_ARBITER_FAIL_OPEN: 'perhaps' })).toThrow(
    'BUDGET_ARBITER_FAIL_OPEN must be true or false, not "perhaps"',
  );
});
