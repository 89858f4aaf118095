import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newToken } from '../../src/access/bearer-tokens.js';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { describeMongo, temporaryDatabase } from '../support/mongo.js';
import { LANGUAGES, type Prepared } from './support/languages.js';
import type { Program } from './support/program.js';
import { type Books, Stage } from './support/stage.js';

const NOTHING: Books = { tokens: 0, presumed: 0, calls: 0, failed: 0, live: 0 };
const ONE: Books = { ...NOTHING, tokens: 150, calls: 1 };
const SOON = { timeout: 20_000, interval: 50 };

/** What each scenario of `clients/scenarios.md` comes to: its lines, and then the books. */
const SCENARIOS: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  async call(stage) {
    await stage.createBudget();
    await answered(stage.run('call'));
    expect(await stage.books()).toEqual(ONE);
  },
  async 'killed-service'(stage) {
    await stage.createBudget();
    const program = stage.run('killed-service');
    await program.next('holding');
    await stage.killService();
    program.tell();
    await program.next('answer');
    await stage.startAgain();
    program.tell();
    await program.close();
    expect(await stage.books()).toEqual(ONE);
  },
  async 'killed-client'(stage) {
    await stage.createBudget();
    const program = stage.run('killed-client');
    await program.next('holding');
    await program.kill();
    await expect.poll(() => stage.books(), SOON).toEqual({ ...NOTHING, tokens: 1_000, presumed: 1_000 });
  },
  async cancelled(stage) {
    await stage.createBudget({ max_concurrent: 1 });
    const program = stage.run('cancelled');
    for (const during of ['wait', 'call', 'reported']) {
      expect(await program.next('cancelled')).toMatchObject({ during });
    }
    await program.close();
    expect(await stage.books()).toMatchObject({ tokens: 1_300, presumed: 1_000, live: 0 });
  },
  async crowd(stage) {
    await stage.createBudget({ max_concurrent: 3 });
    const program = stage.run('crowd');
    expect(await program.next('crowd')).toEqual({ event: 'crowd', answers: 200, denials: 0, most: 3 });
    await program.close();
    expect(await stage.books()).toEqual({ ...NOTHING, tokens: 30_000, calls: 200 });
  },
  async 'left-stream'(stage) {
    await stage.createBudget();
    const program = stage.run('left-stream');
    await program.next('left');
    await program.close();
    expect(await stage.books()).toMatchObject({ tokens: 1_000, presumed: 1_000, live: 0 });
  },
  async error(stage) {
    await stage.createBudget();
    const program = stage.run('error');
    for (const _ of ['refused', 'unreached']) await program.next('error');
    await program.close();
    expect(await stage.books()).toEqual({ ...NOTHING, calls: 2, failed: 2 });
  },
  async 'denied-for-good'(stage) {
    await stage.createBudget({ max_request_tokens: 5_000 });
    const program = stage.run('denied-for-good');
    const denied = await program.next('denied');
    expect(denied).toMatchObject({ permanent: true, status: 400 });
    expect(denied['rules']).toContain('REQUEST_TOO_LARGE');
    await program.close();
    expect(await stage.books()).toEqual(NOTHING);
  },
  async 'denied-for-now'(stage) {
    await stage.createBudget({ cooldown: { seconds: 3_600 } });
    await answered(stage.run('call'));
    const program = stage.run('denied-for-now');
    const denied = await program.next('denied');
    expect(denied).toMatchObject({
      permanent: false,
      rules: ['COOLDOWN'],
      status: 429,
      should_retry: 'false',
    });
    expect(Number(denied['retry_after'])).toBeGreaterThan(3_500);
    await program.close();
  },
  async paused(stage) {
    await stage.createBudget();
    await stage.admin('PauseBudget', { budget_id: stage.budget });
    const program = stage.run('paused');
    expect(await program.next('denied')).toMatchObject({ permanent: false, rules: ['PAUSED'], status: 503 });
    await program.close();
  },
  async 'fail-open'(stage) {
    await stage.createBudget();
    await stage.killService();
    const program = stage.run('fail-open', { BUDGET_ARBITER_FAIL_OPEN: 'true' });
    expect(await program.next('answer')).toMatchObject({ leased: false });
    await stage.startAgain();
    program.tell();
    await program.close();
    expect(await stage.books()).toEqual(ONE);
    expect(await stage.leaseStates()).toEqual([]);
  },
  async 'fail-open-lost'(stage) {
    await stage.createBudget();
    const proxy = await FaultyProxy.start('127.0.0.1', Number(stage.service.grpcAddress.split(':')[1]));
    const address = { BUDGET_ARBITER_ADDRESS: `127.0.0.1:${proxy.port}` };
    const program = stage.run('fail-open-lost', { ...address, BUDGET_ARBITER_FAIL_OPEN: '1' });
    expect(await program.next('answer')).toEqual({ event: 'answer' });
    await expect.poll(() => stage.leaseStates(), SOON).toEqual(['RELEASED']);
    proxy.line = 'silent';
    program.tell();
    await expect.poll(() => stage.leaseStates(), SOON).toEqual(['LIVE', 'RELEASED']);
    expect(await program.next('answer')).toMatchObject({ leased: false });
    proxy.line = 'cut';
    proxy.line = 'open';
    program.tell();
    await program.close();
    expect(await stage.books()).toEqual({ ...ONE, tokens: 300, calls: 2 });
    expect(await stage.leaseStates()).toEqual(['RELEASED', 'RELEASED']);
    await proxy.stop();
  },
  async journal(stage) {
    await stage.createBudget();
    const env = { JOURNAL: path.join(stage.folder, 'journal') };
    const first = stage.run('journal', { ...env, JOURNAL_RUN: '1' });
    await first.next('holding');
    await stage.killService();
    first.tell();
    await first.next('answer');
    await first.kill();
    await stage.startAgain();
    await stage.run('journal', { ...env, JOURNAL_RUN: '2' }).close();
    expect(await stage.books()).toEqual(ONE);
  },
};

async function answered(program: Program): Promise<void> {
  await program.next('answer');
  await program.close();
}

/** Those that need a service of another kind. */
const APART = ['token', 'replicas'];

/** Each language is built and installed once. */
const built = new Map<() => Promise<Prepared>, Promise<Prepared>>();
function once(prepare: () => Promise<Prepared>): Promise<Prepared> {
  const found = built.get(prepare) ?? prepare();
  built.set(prepare, found);
  return found;
}
afterAll(async () => {
  for (const prepared of built.values()) await (await prepared).remove();
});

it('are those of the list', () => {
  const list = readFileSync(new URL('../../clients/scenarios.md', import.meta.url), 'utf8');
  const [, program = ''] = list.split('## The program');
  const named = [...program.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name);
  expect([...Object.keys(SCENARIOS), ...APART].sort()).toEqual([...named].sort());
});

describe.each(LANGUAGES)('%s', (_, prepare) => {
  let prepared: Prepared;
  let stage: Stage;
  let made = 0;
  beforeAll(async () => {
    prepared = await once(prepare);
  }, 300_000);
  beforeEach(() => {
    made += 1;
  });
  afterEach(() => stage?.clear());

  it.each(Object.entries(SCENARIOS))('%s', async (_, play) => {
    stage = await Stage.set(prepared, `scenario-${made}`);
    await play(stage);
  });

  it('token', async () => {
    const [operator, before, after] = [newToken(), newToken(), newToken()];
    stage = await Stage.set(prepared, 'tokens', {
      operator: operator.token,
      env: await configured(operator, before),
    });
    await stage.createBudget();
    const file = path.join(stage.folder, 'token');
    await writeFile(file, before.token);
    const program = stage.run('token', { BUDGET_ARBITER_TOKEN_FILE: file });
    await program.next('answer');
    await stage.service.stop();
    await writeFile(file, `${after.token}\n`);
    await configured(operator, after);
    await stage.startAgain();
    program.tell();
    await program.next('answer');
    await program.close();
    expect(await stage.books()).toEqual({ ...ONE, tokens: 300, calls: 2 });
  });

  /** A file for both starts of the service. */
  async function configured(
    operator: { sha256: string },
    ai: { sha256: string },
  ): Promise<Record<string, string>> {
    const file = path.join(prepared.folder, 'config.yaml');
    const entry = (name: string, sha256: string, role: string) =>
      `    - {name: ${name}, sha256: ${sha256}, roles: [${role}]}\n`;
    await writeFile(
      file,
      `credentials:\n  tokens:\n${entry('boss', operator.sha256, "{role: operator, budgets: '*'}")}${entry(
        'fire',
        ai.sha256,
        "{role: ai, budgets: '*', ais: [fire]}",
      )}`,
    );
    return { CONFIG_FILE: file };
  }
});

describeMongo('replicas', (uri) => {
  const env = { MONGODB_URI: uri, MONGODB_DATABASE: temporaryDatabase(uri) };

  describe.each(LANGUAGES)('%s', (language, prepare) => {
    let prepared: Prepared;
    let stages: Stage[] = [];
    beforeAll(async () => {
      prepared = await once(prepare);
    }, 300_000);
    afterEach(async () => {
      await Promise.all(stages.map((stage) => stage.clear()));
    });

    it('a budget is on one of them, and on the other when that is killed', async () => {
      const budget = `replicas-${language.toLowerCase()}`;
      stages = [await Stage.set(prepared, budget, { env }), await Stage.set(prepared, budget, { env })];
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
    });
  });
});

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
