import type { OperableData } from '../src/http/dashboard/page-data.js';
import { type Api, messageOf } from './api.js';
import { ask } from './dialog.js';
import { h, setText } from './dom.js';
import { count } from './format.js';

/** As many names as a person reads before saying yes. */
const NAMED = 8;

/** Stops every budget that the reader may stop, or lets them go on. */
export async function askToPauseAll(api: Api, isResuming: boolean): Promise<void> {
  const { budgets } = await api.get<OperableData>('operable');
  const of = budgets.filter(({ paused }) => paused === isResuming).map(({ budgetId }) => budgetId);
  const verb = isResuming ? 'Resume' : 'Pause';
  const progress = h('p', { class: 'note', role: 'status' });
  await ask({
    title: `${verb} ${of.length === 1 ? 'one budget' : `all ${count(of.length)} budgets`}?`,
    body: [
      h('p', {}, isResuming ? 'They grant slots again at once.' : STOPS),
      h('p', { class: 'note' }, namesText(of)),
      progress,
    ],
    ...{ confirm: `${verb} all`, dangerous: !isResuming, reason: 'Reason, for everyone who is refused' },
    act: async (reason) => {
      const failed: string[] = [];
      for (const [at, budgetId] of of.entries()) {
        setText(progress, `${count(at + 1)} of ${count(of.length)}: ${budgetId}`);
        try {
          await api.call(isResuming ? 'ResumeBudget' : 'PauseBudget', { budgetId, reason });
        } catch (error) {
          failed.push(`${budgetId}: ${messageOf(error)}`);
        }
      }
      if (failed.length > 0)
        throw new Error(`${count(failed.length)} failed. ${failed.slice(0, 3).join('; ')}`);
      return `${count(of.length)} ${of.length === 1 ? 'budget is' : 'budgets are'} ${isResuming ? 'resumed' : 'paused'}.`;
    },
  });
}

const STOPS =
  'No new slot is granted to anybody until they are resumed. Running leases go on until they are released or run out; reports are taken ' +
  'as always.';

function namesText(names: readonly string[]): string {
  const more = names.length - NAMED;
  return `${names.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}`;
}
