import { AlertRule, type Budget, type Lease, Rule } from '../gen/budgetarbiter/v1/budget.js';
import type { BudgetEvent, WatchBudgetResponse } from '../gen/budgetarbiter/v1/budget_admin_service.js';
import { amount, harmless } from './text.js';

const REMEMBERED = 50;
const SILENCE_MS = 4_000;

/** One thing that happened, as a line says it. */
export interface Happening {
  readonly at: Date;
  readonly kind: string;
  readonly text: string;
}

/** All that the live view of a budget knows. */
export class WatchView {
  budget: Budget | undefined;
  update: WatchBudgetResponse | undefined;
  leases: readonly Lease[] = [];
  /** Up to which everything was told: a new stream goes on there. Absent before the first message. */
  revision: number | undefined;
  /** Since the view began, by rule. */
  readonly denials = new Map<string, number>();
  readonly happenings: Happening[] = [];
  /** Why the stream ended; absent while there is one. */
  ended: string | undefined;
  /** When the newest update came, by the monotonic clock. */
  private updatedAt = 0;

  constructor(
    readonly budgetId: string,
    readonly target: string,
    private readonly monotonic: () => number,
  ) {}

  /** Takes in a message of the stream; gives what happened, in order. */
  take(update: WatchBudgetResponse): Happening[] {
    this.update = update;
    if (update.revision > 0) this.revision = update.revision;
    this.updatedAt = this.monotonic();
    this.ended = undefined;
    for (const { rule, count } of update.denials) {
      const name = ruleName(rule);
      this.denials.set(name, (this.denials.get(name) ?? 0) + count);
    }
    const happened = update.events.flatMap((event) => happeningOf(event) ?? []);
    if (update.missed) {
      const text = 'more may have happened meanwhile; the figures are right';
      happened.unshift({ at: update.observedAt ?? new Date(0), kind: 'missed', text });
      this.budget = undefined;
    }
    for (const { event } of update.events) if (event?.$case === 'changed') this.budget = event.value;
    this.happenings.push(...happened);
    this.happenings.splice(0, this.happenings.length - REMEMBERED);
    return happened;
  }

  /** Why the figures may be old; absent while they are live. A message comes at least once a second. */
  get trouble(): string | undefined {
    if (this.ended !== undefined) return this.ended;
    const silentMs = this.monotonic() - this.updatedAt;
    if (this.update === undefined || silentMs < SILENCE_MS) return undefined;
    return `nothing came for ${Math.round(silentMs / 1_000)} s`;
  }

  /** The service's time now: that of its newest message, carried on. */
  get now(): number {
    const observed = this.update?.observedAt?.getTime() ?? 0;
    return observed + (this.monotonic() - this.updatedAt);
  }
}

export function ruleName(rule: Rule): string {
  return (Rule[rule] ?? String(rule)).replace('RULE_', '');
}

function happeningOf({ occurredAt: at = new Date(0), event }: BudgetEvent): Happening | undefined {
  if (event === undefined) return undefined;
  switch (event.$case) {
    case 'alert': {
      const { rule, message, endedAt } = event.value;
      const name = (AlertRule[rule] ?? String(rule)).replace('ALERT_RULE_', '');
      return { at, kind: 'alert', text: `${name}${endedAt ? ' ended' : ''}: ${harmless(message)}` };
    }
    case 'changed':
      return { at, kind: 'changed', text: changeText(event.value) };
    default:
      return { at, kind: event.$case, text: leaseText(event.value) };
  }
}

function changeText({ pause, etag }: Budget): string {
  if (pause !== undefined) return `paused: ${harmless(pause.reason) || 'no reason given'}`;
  return `not paused; its policy has etag ${etag}`;
}

function leaseText({ aiId, fence, usedTokens, reservedTokens, presumedTokens }: Lease): string {
  const presumed = presumedTokens > 0 ? `, ${amount(presumedTokens)} presumed` : '';
  return `${harmless(aiId)} (fence ${fence}): ${amount(usedTokens)} of ${amount(reservedTokens)} tokens used${presumed}`;
}
