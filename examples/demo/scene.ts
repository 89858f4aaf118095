import type { WindowStatus } from '../../src/gen/budget/v1/budget.js';
import { Rule, Window } from '../../src/gen/budget/v1/budget.js';
import type { BudgetEvent, WatchBudgetResponse } from '../../src/gen/budget/v1/budget_admin_service.js';

export interface HeldSlot {
  readonly aiId: string;
  readonly tokens: number;
  readonly expiresAt: number;
}

/** What the demo knows at a moment, from `WatchBudget` and from what the AIs say. */
export class Scene {
  /** By lease id, as the AIs tell it: sooner than the watch, which speaks once a second. */
  readonly slots = new Map<string, HeldSlot>();
  readonly denials = new Map<string, number>();
  private readonly lastDenials = new Map<string, string>();
  windows: readonly WindowStatus[] = [];
  readonly events: string[] = [];
  readonly charged = new Map<string, number>();
  repeats = 0;
  wrongRepeats = 0;
  expired = 0;

  constructor(private readonly onEvent: (line: string) => void) {}

  watch(update: WatchBudgetResponse): void {
    this.windows = update.windows;
    for (const { rule, count } of update.denials) {
      const name = Rule[rule].slice('RULE_'.length);
      this.denials.set(name, (this.denials.get(name) ?? 0) + count);
    }
    for (const { event } of update.events) if (event !== undefined) this.happened(event);
  }

  private happened(event: NonNullable<BudgetEvent['event']>): void {
    if (event.$case === 'expired' || event.$case === 'revoked') {
      this.slots.delete(event.value.leaseId);
      this.expired += 1;
    }
    this.say(told(event));
  }

  say(line: string): void {
    this.events.push(line);
    if (this.events.length > 8) this.events.shift();
    this.onEvent(line);
  }

  /** Who was denied last by which rules; told once, not with every try. */
  denied(aiId: string, rules: readonly string[]): void {
    const by = rules.join(', ');
    if (this.lastDenials.get(aiId) === by) return;
    this.lastDenials.set(aiId, by);
    this.say(`${aiId} was denied by ${by}`);
  }

  charge(aiId: string, tokens: number): void {
    this.charged.set(aiId, (this.charged.get(aiId) ?? 0) + tokens);
  }
}

export function windowName({ window }: WindowStatus): string {
  return (
    { [Window.WINDOW_HOUR]: 'hour', [Window.WINDOW_DAY]: 'day', [Window.WINDOW_MONTH]: 'month' }[
      window as number
    ] ?? ''
  );
}

function told(event: NonNullable<BudgetEvent['event']>): string {
  switch (event.$case) {
    case 'granted':
      return `${event.value.aiId} got a slot for ${event.value.reservedTokens} tokens`;
    case 'released':
      return `${event.value.aiId} gave it back, ${event.value.usedTokens} used`;
    case 'expired':
    case 'revoked':
      return `${event.value.aiId}'s lease expired, ${event.value.presumedTokens} tokens presumed spent`;
    case 'alert':
      return `ALERT ${event.value.message}`;
    case 'changed':
      return 'the policy changed';
  }
}
