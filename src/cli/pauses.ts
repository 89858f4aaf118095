import { Budget } from '../gen/budgetarbiter/v1/budget.js';
import { StartError } from '../platform/start-error.js';
import { allBudgets, asking, jsonLine } from './asked-service.js';
import type { ConnectionOptions, Service } from './connect.js';
import type { Run } from './output.js';
import { harmless } from './text.js';

/** `budget-arbiter pause` and `resume`: no new grants, of some budgets or of all. */

export interface PauseOptions extends ConnectionOptions {
  readonly reason: string;
  readonly all?: true;
  readonly json?: true;
}

export async function pauseBudgets(run: Run, ids: readonly string[], options: PauseOptions): Promise<void> {
  await each(run, ids, options, async ({ admin, call }, budgetId) => {
    const { budget } = await call(admin.pauseBudget.bind(admin), { budgetId, reason: options.reason });
    return budget;
  });
}

/** Of `--all` those that are paused. */
export async function resumeBudgets(run: Run, ids: readonly string[], options: PauseOptions): Promise<void> {
  await each(run, ids, options, async ({ admin, call }, budgetId) => {
    const { budget } = await call(admin.resumeBudget.bind(admin), { budgetId, reason: options.reason });
    return budget;
  });
}

/** One that fails keeps none of the others from being stopped; it is told at the end. */
async function each(
  run: Run,
  ids: readonly string[],
  { all, json, ...connection }: PauseOptions,
  act: (service: Service, budgetId: string) => Promise<Budget | undefined>,
): Promise<void> {
  if ((all === true) === ids.length > 0) throw new StartError('name the budgets, or say --all', 2);
  await asking(run, connection, async (service) => {
    const budgetIds = all ? (await allBudgets(service)).map(({ budgetId }) => budgetId) : ids;
    const failures: Error[] = [];
    for (const budgetId of budgetIds) {
      try {
        const budget = await act(service, budgetId);
        if (budget !== undefined) run.output.out(json ? jsonLine('Budget', Budget, budget) : told(budget));
      } catch (error) {
        failures.push(error as Error);
      }
    }
    if (failures.length > 0) throw new StartError(failures.map(({ message }) => message).join('; '));
  });
}

function told({ budgetId, pause }: Budget): string {
  if (pause === undefined) return `${budgetId}: grants slots\n`;
  const { pausedAt, principal } = pause;
  const by = principal === '' ? '' : ` by ${harmless(principal)}`;
  const why = pause.reason === '' ? '' : `: ${harmless(pause.reason)}`;
  return `${budgetId}: paused since ${pausedAt?.toISOString() ?? '?'}${by}${why}\n`;
}
