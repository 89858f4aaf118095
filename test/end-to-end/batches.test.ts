import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOMY_MESSAGE } from '../support/policies.js';
import type { PutAnswer } from './support/messages.js';
import { describeOnEveryStore } from './support/places.js';
import { Replicas } from './support/replicas.js';

const BUDGET = 'hot';
const CALLERS = 64;
const REPORTS = 40;

describeOnEveryStore(
  'a hot budget',
  (place) => {
    let replicas: Replicas;
    beforeAll(async () => {
      replicas = await Replicas.start(place);
    });
    afterAll(() => replicas?.stop());

    /** The revision of the commit that changes the policy: every commit raises it by one. */
    async function revision(monthly_limit: number): Promise<number> {
      const request = { budget_id: BUDGET, policy: { ...ROOMY_MESSAGE, monthly_limit }, allow_missing: true };
      return Number((await replicas.clients().admin<PutAnswer>('UpdateBudget', request)).budget.etag);
    }

    it('needs at most one commit for four decisions', async () => {
      const before = await revision(1e9);
      const caller = async (ai: number) => {
        const unleased = { budget_id: BUDGET, ai_id: `ai-${ai}` };
        for (let report = 0; report < REPORTS; report += 1) {
          const usage = { usage_id: `${ai}-${report}`, tokens: { total_tokens: 10 } };
          await replicas.clients().call('RecordUsage', { unleased, usage });
        }
      };
      await Promise.all(Array.from({ length: CALLERS }, (_, ai) => caller(ai)));
      const commits = (await revision(2e9)) - before - 1;
      const decisions = CALLERS * REPORTS;
      console.info(`${commits} commits for ${decisions} decisions: ${(decisions / commits).toFixed(1)} each`);
      expect(commits).toBeLessThanOrEqual(decisions / 4);
    });
  },
  1,
);
