import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newToken } from '../../../src/access/bearer-tokens.js';
import { issue, makeAuthority } from '../../support/certificates.js';
import { describeMongo, temporaryDatabase } from '../../support/mongo.js';
import { LANGUAGES, type Language, type Prepared } from './languages.js';
import { answered, NOTHING, ONE, SCENARIOS } from './scenarios.js';
import { Stage } from './stage.js';

/** Those that need a service of another kind. */
export const APART = ['token', 'turned-away', 'replicas'];
const SAN = 'spiffe://example.org/fire';

/** All of `clients/scenarios.md`, in one language. */
export function describeScenarios(language: Language): void {
  let prepared: Prepared;
  let stages: Stage[] = [];
  let made = 0;
  beforeAll(async () => {
    prepared = await LANGUAGES[language]();
  }, 600_000);
  afterEach(async () => {
    await Promise.all(stages.map((stage) => stage.clear()));
    stages = [];
  });
  afterAll(() => prepared?.remove());
  const set = async (...[budget, setting]: SetParameters): Promise<Stage> => {
    const stage = await Stage.set(prepared, budget, setting);
    stages.push(stage);
    return stage;
  };

  describe(`${language}: a program`, () => {
    it.each(Object.entries(SCENARIOS))('%s', async (_, play) => {
      made += 1;
      await play(await set(`scenario-${made}`));
    });
    it('token', () => playToken(set));
    it('call and turned-away, over TLS', () => playSecured(set));
  });

  describeMongo(`${language}: replicas`, (uri) => {
    const env = { MONGODB_URI: uri, MONGODB_DATABASE: temporaryDatabase(uri) };
    it('a budget is on one of them, and on the other when that is killed', async () => {
      const budget = `replicas-${language.toLowerCase()}`;
      await playReplicas([await set(budget, { env }), await set(budget, { env })]);
    });
  });
}

type SetParameters = [budget: string, setting?: Parameters<typeof Stage.set>[2]];
type SetStage = (...parameters: SetParameters) => Promise<Stage>;

async function playToken(set: SetStage): Promise<void> {
  const [operator, before, after] = [newToken(), newToken(), newToken()];
  const files = { 'config.yaml': credentials(operator, before) };
  const stage = await set('tokens', { operator: operator.token, files });
  await stage.createBudget();
  const file = path.join(stage.folder, 'token');
  await writeFile(file, before.token);
  const program = stage.run('token', { BUDGET_ARBITER_TOKEN_FILE: file });
  await program.next('answer');
  await stage.service.stop();
  await writeFile(file, `${after.token}\n`);
  await writeFile(path.join(stage.folder, 'config.yaml'), credentials(operator, after));
  await stage.startAgain();
  program.tell();
  await program.next('answer');
  await program.close();
  expect(await stage.books()).toEqual({ ...ONE, tokens: 300, calls: 2 });
}

type Token = ReturnType<typeof newToken>;

function credentials(operator: Token, ai: Token): string {
  const entry = (name: string, sha256: string, role: string) =>
    `    - {name: ${name}, sha256: ${sha256}, roles: [${role}]}\n`;
  return `credentials:\n  tokens:\n${entry('boss', operator.sha256, "{role: operator, budgets: '*'}")}${entry(
    'fire',
    ai.sha256,
    "{role: ai, budgets: '*', ais: [fire]}",
  )}`;
}

async function playSecured(set: SetStage): Promise<void> {
  const [operator, ai] = [newToken(), newToken()];
  const [servers, callers] = [makeAuthority('authority of servers'), makeAuthority('authority of callers')];
  const [server, fire] = [
    issue(servers, { commonName: 'arbiter' }),
    issue(callers, { commonName: 'fire', uris: [SAN] }),
  ];
  const config = `tls: {cert: server.pem, key: server.key}
${credentials(operator, ai)}  mtls:
    client_ca: callers.pem
    principals:
      - {san: ${SAN}, name: fire, roles: [{role: ai, budgets: '*', ais: [fire]}]}
`;
  const files = {
    'config.yaml': config,
    ...{ 'server.pem': server.cert, 'server.key': server.key, 'fire.pem': fire.cert, 'fire.key': fire.key },
    ...{ 'servers.pem': servers.cert, 'callers.pem': callers.cert },
  };
  const stage = await set('secured', { operator: operator.token, authority: servers.cert, files });
  const file = (name: string) => path.join(stage.folder, name);
  await stage.createBudget();
  const known = { BUDGET_ARBITER_TLS_CA: file('servers.pem') };
  const token = { BUDGET_ARBITER_TOKEN: ai.token };
  const own = { BUDGET_ARBITER_TLS_CERT: file('fire.pem'), BUDGET_ARBITER_TLS_KEY: file('fire.key') };
  for (const env of [
    { ...known, ...token },
    { ...known, ...own },
  ]) {
    await answered(stage.run('call', env));
  }
  const turnedAway = [
    [known, { event: 'refused', code: 'UNAUTHENTICATED' }],
    [
      { ...known, ...token, BUDGET_ARBITER_AI: 'another' },
      { event: 'refused', code: 'PERMISSION_DENIED' },
    ],
    [{ ...token, BUDGET_ARBITER_TLS_CA: file('callers.pem') }, { event: 'unavailable' }],
    [token, { event: 'unavailable' }],
  ] as const;
  for (const [env, line] of turnedAway) {
    const program = stage.run('turned-away', env);
    expect(await program.next(line.event)).toEqual(line);
    await program.close();
  }
  expect(await stage.books()).toEqual({ ...NOTHING, tokens: 300, calls: 2 });
}

async function playReplicas(stages: readonly Stage[]): Promise<void> {
  const [home, other] = [...stages].sort((a, b) => Buffer.compare(rank(b), rank(a)));
  if (home === undefined || other === undefined) throw new Error('no replicas');
  await home.createBudget();
  const addresses = stages.map(({ service }) => service.grpcAddress).join(',');
  const program = other.run('replicas', { BUDGET_ARBITER_ADDRESS: addresses });
  for (let n = 0; n < 10; n += 1) await program.next('answer');
  expect(await grants(home)).toBe(10);
  expect(await grants(other)).toBe(0);
  await home.killService();
  program.tell();
  for (let n = 0; n < 10; n += 1) await program.next('answer');
  await program.close();
  expect(await other.books()).toMatchObject({ tokens: 3_000, calls: 20, presumed: 0, live: 0 });
}

/** As every client ranks them. */
function rank({ budget, service }: Stage): Buffer {
  return createHash('sha256').update(`${budget}\n${service.grpcAddress}`).digest();
}

/** How many slots a replica was asked for. */
async function grants({ service }: Stage): Promise<number> {
  const page = await (await fetch(`http://${service.httpAddress}/metrics`)).text();
  const counts = page.matchAll(/^budget_arbiter_rpc_duration_seconds_count\{.*AcquireSlot".*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}
