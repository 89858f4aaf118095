import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOMY_MESSAGE } from '../support/policies.js';
import type { AcquireAnswer } from './support/messages.js';
import { describeOnEveryStore } from './support/places.js';
import { Replicas } from './support/replicas.js';

const BUDGET = 'turns';
/** `TURNS_SECONDS=60` is the run of docs/reliability.md. */
const LASTS_MS = Number(process.env['TURNS_SECONDS'] ?? 6) * 1_000;
const HOLDS_MS = 5;
const MONTH = 1_000_000_000;
const LOOPS = [
  { ai_id: 'large', tokens: 300, weight: 1 },
  { ai_id: 'small', tokens: 100, weight: 1 },
  { ai_id: 'heavy', tokens: 100, weight: 2 },
];

/** Turns are kept by one replica. */
describeOnEveryStore(
  'three closed loops on one slot',
  (place) => {
    let replicas: Replicas;
    const spent = new Map<string, number>();
    let vain = 0;
    beforeAll(async () => {
      replicas = await Replicas.start(place);
      const teams = Object.fromEntries(
        LOOPS.map(({ ai_id, weight }) => [ai_id, { ai_ids: [ai_id], weight }]),
      );
      const month = { monthly_limit: MONTH, max_concurrent: 1, max_concurrent_per_ai: 2 };
      const policy = { ...ROOMY_MESSAGE, ...month, teams };
      await replicas.clients().admin('CreateBudget', { budget_id: BUDGET, policy });
      // One of them has most of the month behind it.
      const tokens = { total_tokens: 0.6 * MONTH };
      await replicas.clients().call('RecordUsage', {
        unleased: { budget_id: BUDGET, ai_id: 'large' },
        usage: { usage_id: 'before', tokens },
      });
    });
    afterAll(() => replicas?.stop());

    async function loop({ ai_id, tokens }: (typeof LOOPS)[number], until: number): Promise<void> {
      const clients = replicas.clients();
      while (performance.now() < until) {
        const request = { budget_id: BUDGET, ai_id, estimated_tokens: tokens, wait: { seconds: 20 } };
        const { granted } = await clients.call<AcquireAnswer>('AcquireSlot', request);
        if (granted === undefined) {
          vain += 1;
          continue;
        }
        await new Promise((resolve) => setTimeout(resolve, HOLDS_MS));
        const usage = { tokens: { total_tokens: tokens } };
        await clients.call('Release', { lease_id: granted.lease.lease_id, usage });
        if (performance.now() < until) spent.set(ai_id, (spent.get(ai_id) ?? 0) + tokens);
      }
    }

    it('spend as they weigh within 10 percent, and no wait ends in vain', {
      timeout: LASTS_MS + 180_000,
    }, async () => {
      const until = performance.now() + LASTS_MS;
      // Two calls each: so one of them waits whenever the other's slot comes free.
      await Promise.all([...LOOPS, ...LOOPS].map((one) => loop(one, until)));
      const sum = LOOPS.reduce((all, { ai_id }) => all + (spent.get(ai_id) ?? 0), 0);
      console.info(`turns: ${LOOPS.map(({ ai_id }) => spent.get(ai_id)).join(':')}`);
      expect(vain).toBe(0);
      for (const { ai_id, weight } of LOOPS) {
        const ratio = (spent.get(ai_id) ?? 0) / ((sum * weight) / 4);
        expect(ratio, ai_id).toBeGreaterThan(0.9);
        expect(ratio, ai_id).toBeLessThan(1.1);
      }
    });
  },
  1,
);
