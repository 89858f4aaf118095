import { withUnit } from '../domain/model/unit.js';
import { TopUp, TopUpKind } from '../gen/budgetarbiter/v1/budget.js';
import { PROCESS_TIME } from '../platform/clock.js';
import { StartError } from '../platform/start-error.js';
import { asking, budgetIdOf, jsonLine, oneBudget, pages } from './asked-service.js';
import type { ConnectionOptions, Service } from './connect.js';
import type { Run } from './output.js';
import { harmless, table } from './text.js';
import { readUntil, UNTIL_RULE } from './until.js';

/** `budget-arbiter topup`: gives tokens beyond the policy, ends that, and lists what was given. */

export interface ListOptions extends ConnectionOptions {
  readonly json?: true;
}

export interface EndOptions extends ListOptions {
  readonly reason: string;
}

export interface AddOptions extends ListOptions {
  readonly id: string;
  readonly tokens: number;
  readonly reason: string;
  readonly until?: string;
  readonly ai?: string;
  readonly team?: string;
  /** `YYYY-MM`, or true: this one. */
  readonly month?: string | true;
}

interface Served {
  readonly budgetId: string;
  readonly service: Service;
  readonly zone: string;
  readonly unit: string;
}

export async function addTopUp(run: Run, budget: string | undefined, options: AddOptions): Promise<void> {
  await served(run, budget, options, async (of) => {
    const { budgetId, service } = of;
    const { id: topUpId, tokens, reason, ai, team, month } = options;
    const request = {
      ...{ budgetId, topUpId, tokens, reason, aiId: ai, teamId: team },
      ...(month === undefined
        ? { kind: TopUpKind.TOP_UP_KIND_OVER_CAPS, expiresAt: untilOf(options, of), month: undefined }
        : {
            ...{ kind: TopUpKind.TOP_UP_KIND_LARGER_MONTH, expiresAt: undefined },
            month: month === true ? undefined : month,
          }),
    };
    const { topUp, replayed } = await service.call(service.admin.addTopUp.bind(service.admin), request);
    const again = replayed ? ' (it had been added before)' : '';
    if (topUp !== undefined) print(run, options, topUp, `added ${told(topUp, of)}${again}\n`);
  });
}

function untilOf({ until }: AddOptions, { zone }: Served): Date {
  const at = until === undefined ? undefined : readUntil(until, zone, PROCESS_TIME.wall());
  if (at === undefined) throw new StartError(`--until must be ${UNTIL_RULE}; or give --month`, 2);
  return new Date(at);
}

export async function endTopUp(
  run: Run,
  topUpId: string,
  budget: string | undefined,
  options: EndOptions,
): Promise<void> {
  await served(run, budget, options, async (of) => {
    const { budgetId, service } = of;
    const request = { budgetId, topUpId, reason: options.reason };
    const { topUp } = await service.call(service.admin.endTopUp.bind(service.admin), request);
    if (topUp !== undefined) print(run, options, topUp, `ended ${told(topUp, of)}\n`);
  });
}

export async function listTopUps(run: Run, budget: string | undefined, options: ListOptions): Promise<void> {
  await served(run, budget, options, async (of) => {
    const { service, budgetId } = of;
    const found: TopUp[] = [];
    const ask = (page: { readonly pageSize: number; readonly pageToken: string }) =>
      service.call(service.admin.listTopUps.bind(service.admin), { budgetId, ...page });
    for await (const { topUps } of pages(ask)) found.push(...topUps);
    if (options.json) {
      for (const topUp of found) run.output.out(jsonLine('TopUp', TopUp, topUp));
      return;
    }
    const rows = found.map((topUp) => row(topUp, of));
    const head = ['TOP-UP', 'FOR', 'TOKENS', 'LEFT', 'UNTIL', 'REASON'];
    run.output.out(rows.length === 0 ? 'there are no top-ups\n' : table([head, ...rows]));
  });
}

function print(run: Run, { json }: ListOptions, topUp: TopUp, text: string): void {
  run.output.out(json ? jsonLine('TopUp', TopUp, topUp) : text);
}

function row(topUp: TopUp, { unit }: Served): string[] {
  const { topUpId, tokens, availableTokens, reason, kind } = topUp;
  const isMonth = kind === TopUpKind.TOP_UP_KIND_LARGER_MONTH;
  const left = isMonth ? '-' : withUnit(unit, availableTokens);
  return [topUpId, whose(topUp), withUnit(unit, tokens), left, endOf(topUp), harmless(reason)];
}

function told(topUp: TopUp, { unit }: Served): string {
  const { topUpId, tokens, takenBackTokens } = topUp;
  const back = takenBackTokens === 0 ? '' : `; ${withUnit(unit, takenBackTokens)} are taken back`;
  return `${topUpId}: ${withUnit(unit, tokens)} for ${whose(topUp)}, ${endOf(topUp)}${back}`;
}

function whose({ aiId, teamId, month }: TopUp): string {
  if (month !== undefined) return `the month ${month}`;
  if (teamId !== undefined) return `team ${teamId}`;
  return aiId ?? 'every AI';
}

function endOf({ endedAt, expiresAt, month }: TopUp): string {
  if (endedAt !== undefined) return `ended ${endedAt.toISOString()}`;
  return expiresAt === undefined ? `to the end of ${month ?? ''}` : `until ${expiresAt.toISOString()}`;
}

/** Its zone and its unit, by which a person speaks of it. */
async function served(
  run: Run,
  id: string | undefined,
  options: ConnectionOptions,
  act: (of: Served) => Promise<void>,
): Promise<void> {
  await asking(run, options, async (service) => {
    const budget = await oneBudget(service, budgetIdOf(run, id));
    const { budgetId, effectivePolicy, timeZoneInForce } = budget;
    await act({ budgetId, service, zone: timeZoneInForce, unit: effectivePolicy?.unit ?? 'tokens' });
  });
}
