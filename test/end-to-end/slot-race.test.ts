import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOMY_MESSAGE } from '../support/policies.js';
import type { AcquireAnswer, Lease } from './support/messages.js';
import { describeOnEveryStore } from './support/places.js';
import { Replicas } from './support/replicas.js';

const BUDGET = 'raced';
const CALLERS = 64;
const SLOTS = 2;
const ROUNDS = 100;

describeOnEveryStore('64 AIs race for two slots', (place) => {
  let replicas: Replicas;
  beforeAll(async () => {
    replicas = await Replicas.start(place);
    const policy = { ...ROOMY_MESSAGE, max_concurrent: SLOTS, max_concurrent_per_ai: 1 };
    await replicas.clients().admin('CreateBudget', { budget_id: BUDGET, policy });
  });
  afterAll(() => replicas?.stop());

  /** One call of each AI, all at once, dealt out among the replicas. */
  async function race(): Promise<{ granted: Lease[]; rules: string[] }> {
    const answers = await Promise.all(
      Array.from({ length: CALLERS }, (_, ai) =>
        replicas.clients(ai).call<AcquireAnswer>('AcquireSlot', {
          budget_id: BUDGET,
          ai_id: `ai-${ai}`,
          estimated_tokens: 100,
        }),
      ),
    );
    return {
      granted: answers.flatMap(({ granted }) => granted?.lease ?? []),
      rules: answers.flatMap(({ denied }) => denied?.blockers.map(({ rule }) => rule) ?? []),
    };
  }

  async function giveBack({ lease_id }: Lease, round: number): Promise<void> {
    if (round % 3 === 0) await replicas.clients(round).admin('RevokeLease', { lease_id, reason: 'a test' });
    else await replicas.clients(round).call('Release', { lease_id });
  }

  it(`grants exactly two, ${ROUNDS} times, with rising fences`, async () => {
    let lastFence = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const { granted, rules } = await race();
      expect(granted, `round ${round}`).toHaveLength(SLOTS);
      expect(rules).toEqual(Array.from({ length: CALLERS - SLOTS }, () => 'RULE_CONCURRENCY'));
      const fences = granted.map(({ fence }) => fence).sort((a, b) => a - b);
      expect(fences).toEqual([lastFence + 1, lastFence + 2]);
      lastFence += SLOTS;
      await Promise.all(granted.map((lease) => giveBack(lease, round)));
    }
  });
});
