import { settingText } from '../config/config.js';
import { withUnit } from '../domain/model/unit.js';
import { type TopUp, TopUpKind } from '../gen/budgetarbiter/v1/budget.js';
import { PROCESS_TIME } from '../platform/clock.js';
import { StartError } from '../platform/start-error.js';
import { type ConnectionOptions, connect, type Service } from './connect.js';
import type { Run } from './output.js';
import { harmless, table } from './text.js';
import { readUntil, UNTIL_RULE } from './until.js';

/** `budget-arbiter topup`: gives tokens beyond the policy, ends that, and lists what was given. */

const PAGE = 1_000;

export interface AddOptions extends ConnectionOptions {
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
    if (topUp !== undefined) run.output.out(`added ${told(topUp, of)}${again}\n`);
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
  options: ConnectionOptions & { readonly reason: string },
): Promise<void> {
  await served(run, budget, options, async (of) => {
    const { budgetId, service } = of;
    const request = { budgetId, topUpId, reason: options.reason };
    const { topUp } = await service.call(service.admin.endTopUp.bind(service.admin), request);
    if (topUp !== undefined) run.output.out(`ended ${told(topUp, of)}\n`);
  });
}

export async function listTopUps(
  run: Run,
  budget: string | undefined,
  options: ConnectionOptions,
): Promise<void> {
  await served(run, budget, options, async (of) => {
    const { service, budgetId } = of;
    const rows = [];
    for (let pageToken = ''; ; ) {
      const request = { budgetId, pageSize: PAGE, pageToken };
      const page = await service.call(service.admin.listTopUps.bind(service.admin), request);
      rows.push(...page.topUps.map((topUp) => row(topUp, of)));
      pageToken = page.nextPageToken;
      if (pageToken === '') break;
    }
    const head = ['TOP-UP', 'FOR', 'TOKENS', 'LEFT', 'UNTIL', 'REASON'];
    run.output.out(rows.length === 0 ? 'there are no top-ups\n' : table([head, ...rows]));
  });
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
  const budgetId = id ?? settingText(run.environment, 'defaultBudget').text ?? '';
  const service = connect(options, run.environment, PROCESS_TIME.wall);
  try {
    const { budget } = await service.call(service.admin.getBudget.bind(service.admin), { budgetId });
    const unit = budget?.effectivePolicy?.unit ?? 'tokens';
    await act({ budgetId, service, zone: budget?.timeZoneInForce ?? 'UTC', unit });
  } finally {
    service.close();
  }
}
