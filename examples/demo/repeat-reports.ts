import {
  type BudgetServiceClient,
  RecordUsageRequest,
} from '../../src/gen/budgetarbiter/v1/budget_service.js';
import type { Journal } from './journal.js';
import { operatorCall } from './operator-call.js';

const AT_ONCE = 50;

export interface Repeats {
  readonly made: number;
  /** Answered as what they are: booked before, with the same figure. */
  readonly replayed: number;
}

/** Makes every report of the run once more, now without a lease. Each usage id is booked already, so nothing may change. */
export async function repeatReports(
  client: BudgetServiceClient,
  budgetId: string,
  journal: Journal,
): Promise<Repeats> {
  const { charges } = journal;
  let replayed = 0;
  for (let from = 0; from < charges.length; from += AT_ONCE) {
    const answers = charges.slice(from, from + AT_ONCE).map(async ({ aiId, report, tokens }) => {
      const { usageId, inputTokens, outputTokens } = report.prompt;
      const request = RecordUsageRequest.fromPartial({
        subject: { $case: 'unleased', value: { budgetId, aiId } },
        usage: { usageId, model: 'azure-code', requestType: 'code', tokens: { inputTokens, outputTokens } },
      });
      const answer = await operatorCall(client.recordUsage.bind(client), request);
      if (answer.replayed && answer.chargedTokens === tokens) replayed += 1;
    });
    await Promise.all(answers);
  }
  return { made: charges.length, replayed };
}
