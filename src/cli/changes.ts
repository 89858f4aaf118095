import { Change, ChangeKind } from '../gen/budgetarbiter/v1/budget_admin_service.js';
import { StartError } from '../platform/start-error.js';
import { asking, budgetIdOf, jsonLine, pages } from './asked-service.js';
import { changeText, kindName } from './change-text.js';
import type { ConnectionOptions, Service } from './connect.js';
import type { Run } from './output.js';
import { harmless } from './text.js';

/** `budget-arbiter changes`: what operators changed, and putting the one before back. */

export interface ChangesOptions extends ConnectionOptions {
  readonly last: number;
  readonly json?: true;
  /** Those of the policy alone. */
  readonly policyOnly?: true;
}

const OF_POLICY: readonly ChangeKind[] = [
  ChangeKind.CHANGE_KIND_CREATED,
  ChangeKind.CHANGE_KIND_POLICY,
  ChangeKind.CHANGE_KIND_PRESET,
  ChangeKind.CHANGE_KIND_DELETED,
];

export async function printChanges(run: Run, id: string | undefined, options: ChangesOptions): Promise<void> {
  await asking(run, options, async (service) => {
    const { last, policyOnly, json } = options;
    const { out } = run.output;
    let shown = 0;
    for await (const change of changesOf(service, budgetIdOf(run, id))) {
      if (shown >= last) break;
      if (policyOnly && !OF_POLICY.includes(change.kind)) continue;
      shown += 1;
      out(json ? jsonLine('Change', Change, change) : lines(change));
    }
    if (shown === 0 && !json) out('nothing was changed\n');
  });
}

async function* changesOf({ admin, call }: Service, budgetId: string): AsyncGenerator<Change> {
  const ask = (page: { readonly pageSize: number; readonly pageToken: string }) =>
    call(admin.listChanges.bind(admin), { budgetId, ...page });
  for await (const { changes } of pages(ask)) yield* changes;
}

function lines(change: Change): string {
  const { number, changedAt, principal, reason } = change;
  const when = changedAt?.toISOString().slice(0, 19).replace('T', ' ') ?? '';
  const by = principal === '' ? '' : ` by ${harmless(principal)}`;
  const detail = [changeText(change), reason === '' ? '' : `(${harmless(reason)})`].filter(Boolean).join(' ');
  return `${number}  ${when}Z  ${kindName(change)}${by}\n${detail === '' ? '' : `    ${detail}\n`}`;
}

export interface UndoOptions extends ConnectionOptions {
  readonly reason: string;
  readonly json?: true;
}

/** Puts back what a change replaced. */
export async function undoChange(
  run: Run,
  numberText: string,
  id: string | undefined,
  options: UndoOptions,
): Promise<void> {
  const number = Number(numberText);
  if (!/^\d+$/.test(numberText)) throw new StartError(`${numberText} is no number of a change`, 2);
  await asking(run, options, async (service) => {
    const budgetId = budgetIdOf(run, id);
    const change = await changeOf(service, budgetId, number);
    const reason = options.reason || `undo of change ${number}`;
    await undo(service, { budgetId, change, reason });
    const newest = await changesOf(service, budgetId).next();
    if (newest.done || newest.value.number === number)
      return run.output.out(options.json ? '' : 'it is so already\n');
    run.output.out(options.json ? jsonLine('Change', Change, newest.value) : lines(newest.value));
  });
}

async function changeOf(service: Service, budgetId: string, number: number): Promise<Change> {
  for await (const change of changesOf(service, budgetId)) if (change.number === number) return change;
  throw new StartError(`${budgetId} has no change ${number}, or it is not among the last 200`);
}

interface Undo {
  readonly budgetId: string;
  readonly change: Change;
  readonly reason: string;
}

async function undo(service: Service, { budgetId, change, reason }: Undo): Promise<void> {
  const { admin, call } = service;
  const { number, kind, undo: put, pause, topUp, adjustment } = change;
  if (put !== undefined) await call(admin.updateBudget.bind(admin), { ...put, reason });
  else if (kind === ChangeKind.CHANGE_KIND_PAUSED)
    await call(admin.resumeBudget.bind(admin), { budgetId, reason });
  else if (kind === ChangeKind.CHANGE_KIND_RESUMED)
    await call(admin.pauseBudget.bind(admin), { budgetId, reason: pause?.reason || reason });
  else if (kind === ChangeKind.CHANGE_KIND_TOP_UP_ADDED && topUp !== undefined)
    await call(admin.endTopUp.bind(admin), { budgetId, topUpId: topUp.topUpId, reason });
  else if (adjustment !== undefined) {
    const { tokens, day, aiId, model } = adjustment;
    const request = { budgetId, adjustmentId: `undo-${number}`, tokens: -tokens, day, aiId, model, reason };
    await call(admin.adjustUsage.bind(admin), request);
  } else throw new StartError(`change ${number} (${kindName(change)}) cannot be undone`);
}
