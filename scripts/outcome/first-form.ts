import { spentInHour } from '../../src/domain/ledger/standing.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import { ceilDiv } from '../../src/domain/policy/pacing.js';
import { hoursLeft } from '../../src/domain/time/windows.js';
import type { VirtualBudget } from '../../src/replay/virtual-budget.js';
import { ENFORCED, LARGEST_DAY, LARGEST_HOUR } from './default-policy.js';

const WHOLE_PERCENT = 1_000_000;
const UNITS_PER_PERCENT = 10_000;

/**
 * EVEN as it was: each day an equal part of what is left, each hour 1.2 of an equal part of the day, and an untouched hour one request.
 * It is no rule any more, so its caps are set as those of a policy without pacing, each time that they change.
 */
export class FirstForm {
  private set = '';

  constructor(
    private readonly budget: VirtualBudget,
    private readonly fields: PolicyFields,
  ) {}

  /** Before anything is asked for at this moment. */
  async before(at: number): Promise<void> {
    await this.budget.decide({ kind: 'sweep' }, at);
    const { day, hour } = this.caps();
    const key = `${day} ${hour}`;
    if (key === this.set) return;
    this.set = key;
    const caps = { maxDailyPercent: percentFor(day), maxHourlyPercent: percentFor(hour), minDailyPercent: 0 };
    this.budget.ledger.setPolicy({ ...this.fields, pacing: 'NONE', ...caps });
  }

  private caps(): { day: number; hour: number } {
    const { ledger } = this.budget;
    const { total = 0 } = ledger.todayTotals ?? {};
    const left = Math.max(0, ledger.allowance.grantable - (ledger.tables.monthSpent - total));
    const day = Math.min(LARGEST_DAY, ceilDiv(left, ledger.daysLeft));
    const inHour = spentInHour(ledger);
    if (inHour === 0) return { day, hour: Math.min(LARGEST_HOUR, day) };
    const hours = hoursLeft(ledger.zone, ledger.today.end, ledger.clock).length;
    const part = ceilDiv(12 * Math.max(0, day - (total - inHour)), 10 * hours);
    return { day, hour: Math.min(LARGEST_HOUR, part) };
  }
}

/** The percentage of which this many tokens are the floor; a cap of nothing is the least that a policy can say. */
function percentFor(tokens: number): number {
  return Math.max(1, Math.ceil((tokens * WHOLE_PERCENT) / ENFORCED)) / UNITS_PER_PERCENT;
}
