import { Checks } from '../api/read/checks.js';
import { readPolicy, readPreset } from '../api/read/policy.js';
import { settingText } from '../config/config.js';
import type { KnownDay } from '../domain/ledger/past-days.js';
import type { PolicyFields } from '../domain/model/policy.js';
import type { HourTotal } from '../domain/model/state.js';
import { dayIn, daysInMonth, firstDayKept, lastDayOf, monthOfDay } from '../domain/time/calendar.js';
import { calendarDay, dayName } from '../domain/time/windows.js';
import { type Lease, LeaseState } from '../gen/budgetarbiter/v1/budget.js';
import { UsageGrouping, UsageOrder, type UsageRow } from '../gen/budgetarbiter/v1/budget_admin_service.js';
import { PROCESS_TIME } from '../platform/clock.js';
import { StartError } from '../platform/start-error.js';
import type { UsedDay } from '../replay/usage-trace.js';
import { type ConnectionOptions, connect, type Service } from './connect.js';
import type { Run } from './output.js';

const PAGE = 1_000;

/** A budget of the running service: its policy, and what was used of it. */
export class ServedBudget {
  private constructor(
    readonly budgetId: string,
    readonly fields: PolicyFields,
    private readonly zone: string,
    private readonly service: Service,
  ) {}

  static async open(run: Run, id: string | undefined, options: ConnectionOptions): Promise<ServedBudget> {
    const budgetId = id ?? settingText(run.environment, 'defaultBudget').text ?? '';
    const service = connect(options, run.environment, PROCESS_TIME.wall);
    try {
      const { budget } = await service.call(service.admin.getBudget.bind(service.admin), { budgetId });
      if (budget === undefined) throw new StartError(`the service did not say what ${budgetId} is`);
      const checks = new Checks();
      const preset = readPreset(checks, budget.preset);
      const values = readPolicy(checks, budget.presetPolicy);
      const kept = preset !== undefined && Object.keys(values).length > 0;
      const fields = {
        ...readPolicy(checks, budget.policy),
        ...(kept && { preset: { name: preset.name, values } }),
      };
      checks.done();
      return new ServedBudget(budgetId, fields, budget.effectivePolicy?.timeZone ?? 'UTC', service);
    } catch (error) {
      service.close();
      throw error;
    }
  }

  close(): void {
    this.service.close();
  }

  /** Usage by day, of so many months, the current one the last of them. */
  async months(count: number): Promise<UsedDay[]> {
    const thisMonth = monthOfDay(dayName(this.zone, PROCESS_TIME.wall()));
    const days: UsedDay[] = [];
    for (let back = count - 1; back >= 0; back -= 1) {
      const month = monthOfDay(firstDayKept(thisMonth, back));
      const hours = await this.rows(UsageGrouping.USAGE_GROUPING_HOUR, dayIn(month, 1), lastDayOf(month));
      for (let of = 1; of <= daysInMonth(month); of += 1) {
        const day = dayIn(month, of);
        const own = hours.filter(({ key }) => key.startsWith(day));
        if (own.length > 0) days.push(await this.dayOf(day, own));
      }
    }
    return days;
  }

  /** Of the month before so many months: what their first days went by. */
  async before(months: number): Promise<KnownDay[]> {
    const month = monthOfDay(firstDayKept(monthOfDay(dayName(this.zone, PROCESS_TIME.wall())), months));
    const rows = await this.rows(UsageGrouping.USAGE_GROUPING_HOUR, dayIn(month, 1), lastDayOf(month));
    const days = new Map<string, HourTotal[]>();
    for (const { day } of rows)
      if (!days.has(day))
        days.set(
          day,
          this.hoursOf(
            day,
            rows.filter((row) => row.day === day),
          ),
        );
    const totalOf = (hours: readonly HourTotal[]) => hours.reduce((sum, { tokens }) => sum + tokens, 0);
    return [...days].map(([day, hours]) => ({ day, hours, total: totalOf(hours), zone: this.zone }));
  }

  private async dayOf(day: string, hours: readonly UsageRow[]): Promise<UsedDay> {
    const ais = await this.rows(UsageGrouping.USAGE_GROUPING_AI, day, day);
    const models = await this.rows(UsageGrouping.USAGE_GROUPING_MODEL, day, day);
    const byName = (rows: readonly UsageRow[]) => new Map(rows.map(({ key, tokens }) => [key, tokens]));
    return {
      day,
      hours: this.hoursOf(day, hours),
      ...{ ais: byName(ais), models: byName(models) },
      calls: ais.reduce((sum, { calls }) => sum + calls, 0),
    };
  }

  /** Of what has no known hour it is taken that it was spent at the beginning of its day. */
  private hoursOf(day: string, rows: readonly UsageRow[]): HourTotal[] {
    const hours = new Map<number, number>();
    for (const { start, tokens } of rows) {
      const at = start?.getTime() ?? calendarDay(this.zone, day).start;
      hours.set(at, (hours.get(at) ?? 0) + tokens);
    }
    return [...hours].map(([start, tokens]) => ({ start, tokens })).sort((a, b) => a.start - b.start);
  }

  private async rows(groupBy: UsageGrouping, fromDay: string, toDay: string): Promise<UsageRow[]> {
    const { admin, call } = this.service;
    const rows: UsageRow[] = [];
    for (let pageToken = ''; ; ) {
      const { budgetId } = this;
      const span = {
        groupBy,
        fromDay,
        toDay,
        by: [],
        orderBy: UsageOrder.USAGE_ORDER_KEY,
        descending: false,
      };
      const request = { budgetId, ...span, pageSize: PAGE, pageToken };
      const page = await call(admin.listUsage.bind(admin), request);
      rows.push(...page.rows);
      pageToken = page.nextPageToken;
      if (pageToken === '') return rows;
    }
  }

  /** Leases that were closed in the last 7 days, in the order of their grants; a page at a time. */
  async *closedLeases(): AsyncIterable<Lease> {
    const { admin, call } = this.service;
    for (let pageToken = ''; ; ) {
      const request = { budgetId: this.budgetId, includeClosed: true, pageSize: PAGE, pageToken };
      const page = await call(admin.listLeases.bind(admin), request);
      for (const lease of page.leases) if (lease.state !== LeaseState.LEASE_STATE_LIVE) yield lease;
      pageToken = page.nextPageToken;
      if (pageToken === '') return;
    }
  }

  /** How large its calls were in the last 7 days; undefined if there was none. */
  async meanTokens(): Promise<number | undefined> {
    let [tokens, calls] = [0, 0];
    for await (const { usedTokens } of this.closedLeases()) {
      if (usedTokens === 0) continue;
      tokens += usedTokens;
      calls += 1;
    }
    return calls === 0 ? undefined : Math.round(tokens / calls);
  }
}
