import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AlertReceiver, isSigned, OK, type Received } from '../support/alert-receiver.js';
import { ROOMY_MESSAGE } from '../support/policies.js';
import { describeOnEveryStore } from './support/places.js';
import { Replicas } from './support/replicas.js';

const BUDGET = 'alerting';
const SECRET = 'a secret of some length';
/** Longer than a replica holds an alert after it died, and others look for what is due. */
const TAKEN_OVER_MS = 90_000;

describeOnEveryStore('alerts of the running service', (place) => {
  let receiver: AlertReceiver;
  let folder: string;
  let replicas: Replicas;
  beforeAll(async () => {
    receiver = await AlertReceiver.start();
    folder = await mkdtemp(path.join(tmpdir(), 'alerts-'));
    const file = path.join(folder, 'config.yaml');
    const sink = `{name: ops, kind: webhook, url: '${receiver.url}', secret: '${SECRET}'}`;
    await writeFile(file, `alert_sinks: [${sink}]\n`);
    replicas = await Replicas.start({ ...place, env: { ...place.env, CONFIG_FILE: file } });
    const policy = { ...ROOMY_MESSAGE, monthly_limit: 1_000, warning_percent: 50, emergency_percent: 100 };
    await replicas.clients().admin('CreateBudget', { budget_id: BUDGET, policy });
  });
  afterAll(async () => {
    await replicas?.stop();
    await receiver.stop();
    await rm(folder, { recursive: true });
  });

  async function spend(usageId: string, tokens: number, budget_id = BUDGET): Promise<void> {
    await replicas.clients().call('RecordUsage', {
      unleased: { budget_id, ai_id: 'a' },
      usage: { usage_id: usageId, tokens: { total_tokens: tokens } },
    });
  }

  const about = (rule: string): Received[] =>
    receiver.received.filter(({ text }) => JSON.parse(text).alert.rule === rule);

  it('reach the receiver once, signed, while all is well', async () => {
    await spend('u1', 600);
    await receiver.until(() => about('WARNING').length > 0);
    // A later alert shows that nothing of the earlier one was under way any more.
    await spend('u2', 360);
    await receiver.until(() => about('CRITICAL').length > 0);
    expect(about('WARNING')).toHaveLength(1);
    const [received] = about('WARNING');
    if (received === undefined) throw new Error('not received');
    expect(isSigned(received, SECRET, Date.now())).toBe(true);
    expect(JSON.parse(received.text)).toMatchObject({ type: 'raised', budget_id: BUDGET });
  });

  it('go on after a kill in the middle of the tries', { timeout: TAKEN_OVER_MS + 180_000 }, async () => {
    receiver.answer = (_, response) => void response.writeHead(500).end();
    await spend('u3', 50);
    await receiver.until(() => about('EMERGENCY').length >= 2);
    await replicas.replica(0).service.kill();
    const before = about('EMERGENCY');
    receiver.answer = OK;
    await replicas.restart(0);
    await replicas.clients().admin('GetBudget', { budget_id: BUDGET });
    await receiver.until(() => about('EMERGENCY').length > before.length);
    const all = about('EMERGENCY');
    expect(new Set(all.map(({ text }) => text)).size).toBe(1);
    expect(new Set(all.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    const attempts = all.map(({ headers }) => Number(headers['budget-alert-attempt']));
    // A failed try whose commit the kill prevented is counted again.
    expect(attempts.at(-1)).toBeGreaterThanOrEqual(before.length);
    for (const received of all) expect(isSigned(received, SECRET, Date.now())).toBe(true);
  });

  it('are repeated, with the same id, when the answer was lost', async () => {
    const policy = { ...ROOMY_MESSAGE, monthly_limit: 1_000, warning_percent: 50 };
    await replicas.clients().admin('CreateBudget', { budget_id: 'repeating', policy });
    receiver.answer = ({ headers }, response) => {
      if (headers['budget-alert-attempt'] === '1') response.destroy();
      else response.writeHead(204).end();
    };
    await spend('u1', 600, 'repeating');
    const ofBudget = () => about('WARNING').filter(({ text }) => JSON.parse(text).budget_id === 'repeating');
    await receiver.until(() => ofBudget().length > 1);
    expect(new Set(ofBudget().map(({ headers, text }) => `${headers['webhook-id']} ${text}`)).size).toBe(1);
  });

  it('that hang do not hold up a stop, and are told by the next start', {
    timeout: TAKEN_OVER_MS + 180_000,
  }, async () => {
    const policy = { ...ROOMY_MESSAGE, monthly_limit: 1_000, warning_percent: 50 };
    await replicas.clients().admin('CreateBudget', { budget_id: 'hanging', policy });
    receiver.answer = () => {};
    await spend('u1', 600, 'hanging');
    const ofBudget = () => about('WARNING').filter(({ text }) => JSON.parse(text).budget_id === 'hanging');
    await receiver.until(() => ofBudget().length > 0);
    expect((await replicas.terminate(0)).code).toBe(0);
    receiver.answer = OK;
    await replicas.restart(0);
    await replicas.clients().admin('GetBudget', { budget_id: 'hanging' });
    await receiver.until(() => ofBudget().length > 1);
  });
});
