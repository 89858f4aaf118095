import type { FormField } from '../src/http/dashboard/page-data.js';
import type { Api } from './api.js';
import type { UpdatedBudget } from './api-json.js';
import { ask, notice } from './dialog.js';
import { amountsOf, isSame, previewBody } from './policy-preview.js';
import { pastDays } from './policy-simulation.js';

/** What `UpdateBudget` is sent, beside the reason. */
export interface PolicyRequest {
  readonly budgetId: string;
  readonly etag?: string;
  readonly policy?: object;
  readonly updateMask?: string;
  readonly preset?: string;
}

/** Shows what a change would do, now and on the last 28 days, and makes it if that is confirmed. */
export async function askForChange(
  api: Api,
  change: PolicyRequest,
  fields: readonly FormField[],
  title = `Change the policy of ${change.budgetId}?`,
): Promise<boolean> {
  const { budgetId } = change;
  const judged = await api.call<UpdatedBudget>('UpdateBudget', { ...change, validateOnly: true });
  if (isSame(judged)) {
    notice('Nothing is different from the policy in force.');
    return false;
  }
  const { etag: _, ...tried } = change;
  return ask({
    title,
    body: [...previewBody(judged, fields), pastDays(api, tried, amountsOf(judged))],
    ...{ confirm: 'Apply', reason: 'Reason, for the audit' },
    act: async (reason) => {
      await api.call('UpdateBudget', { ...change, reason });
      return `The policy of ${budgetId} is changed, and in force.`;
    },
  });
}
