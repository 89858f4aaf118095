import { type Lease, Rule, type Window, type WindowStatus } from '../../src/gen/budgetarbiter/v1/budget.js';
import type {
  BudgetEvent,
  WatchBudgetResponse,
} from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import type { AiMessage } from './ai-messages.js';
import { type Happening, happeningOf } from './happenings.js';
import { AI_IDS, type AiId } from './trace.js';

const KEPT_HAPPENINGS = 100;

/** What is known now: all that the live view shows. Its source is WatchBudget; only what an AI is up to, the AI says itself. */
export class Board {
  /** By rule, as the service counted. */
  readonly denials = new Map<string, number>();
  /** Hour, day and month. */
  windows: readonly WindowStatus[] = [];
  waiters = 0;
  slots: readonly Lease[] = [];
  readonly doing = new Map<AiId, string>(AI_IDS.map((aiId) => [aiId, 'starts']));
  readonly happenings: Happening[] = [];
  /** Leases that ran out. */
  readonly expired: Lease[] = [];
  /** The lease of the AI that was killed. */
  lostLeaseId: string | undefined;
  /** Who got its slot, and how long after its end. */
  successor: { readonly aiId: string; readonly afterMs: number } | undefined;
  readonly #own: Happening[] = [];
  readonly #ends = new Map<string, () => void>();
  readonly #ended = new Set<string>();

  constructor(private readonly tell: (happening: Happening) => void) {}

  watched(update: WatchBudgetResponse): void {
    if (update.windows.length > 0) this.windows = update.windows;
    this.waiters = update.waiters;
    const events = update.events.map((event) => ({
      at: event.occurredAt ?? new Date(),
      tell: () => this.#happened(event),
    }));
    const own = this.#own
      .splice(0)
      .map((happening) => ({ at: happening.at, tell: () => this.#say(happening) }));
    for (const { tell } of [...events, ...own].sort((a, b) => a.at.getTime() - b.at.getTime())) tell();
    const refused = update.denials.map(
      ({ rule, count }) => [Rule[rule].replace('RULE_', ''), count] as const,
    );
    for (const [rule, count] of refused) this.denials.set(rule, (this.denials.get(rule) ?? 0) + count);
    if (refused.length === 0) return;
    const text = refused.map(([rule, count]) => `${rule} ${count}`).join(', ');
    this.#say({ at: update.observedAt ?? new Date(), kind: 'denied', text });
  }

  heard(aiId: AiId, message: AiMessage): void {
    const doing = doingOf(message);
    if (doing !== undefined) this.doing.set(aiId, doing);
  }

  /** For what the service does not know of. Told with its next events, in the order of time. */
  say(happening: Happening): void {
    this.#own.push(happening);
  }

  #say(happening: Happening): void {
    this.happenings.push(happening);
    if (this.happenings.length > KEPT_HAPPENINGS) this.happenings.shift();
    this.tell(happening);
  }

  /** Resolves when the service says that the lease is over. */
  async leaseEnd(leaseId: string): Promise<void> {
    if (this.#ended.has(leaseId)) return;
    await new Promise<void>((resolve) => this.#ends.set(leaseId, resolve));
  }

  /** The lost lease, once it is over. */
  get lost(): Lease | undefined {
    return this.expired.find(({ leaseId }) => leaseId === this.lostLeaseId);
  }

  window(kind: Window): WindowStatus | undefined {
    return this.windows.find(({ window }) => window === kind);
  }

  #happened(event: BudgetEvent): void {
    const happening = happeningOf(event);
    const { event: what } = event;
    const first = what?.$case === 'granted' && this.#noteSuccessor(what.value);
    if (happening !== undefined) {
      this.#say(first ? { ...happening, text: `${happening.text}: the one that was lost` } : happening);
    }
    if (what?.$case !== 'expired') return;
    this.expired.push(what.value);
    this.#ended.add(what.value.leaseId);
    this.#ends.get(what.value.leaseId)?.();
  }

  /** True for the first grant after the end of the lost lease. */
  #noteSuccessor({ aiId, grantedAt }: Lease): boolean {
    const end = this.lost?.expiresAt?.getTime();
    if (end === undefined || grantedAt === undefined || this.successor !== undefined) return false;
    this.successor = { aiId, afterMs: grantedAt.getTime() - end };
    return true;
  }
}

function doingOf(message: AiMessage): string | undefined {
  switch (message.kind) {
    case 'granted':
      return `holds a slot for ${message.prompts} request${message.prompts === 1 ? '' : 's'}`;
    case 'gave-back':
      return 'gave its slot back';
    case 'done':
      return message.rules.length === 0 ? 'done' : `stopped by ${cap(message.rules)}`;
    case 'denied':
      return message.next === 'wait'
        ? `${message.rules[0]}: in the queue`
        : `${cap(message.rules)}: asks for less`;
    default:
      return undefined;
  }
}

/** Of several rules the one that no short wait helps against: the caps come last in the order of checks. */
function cap(rules: readonly string[]): string {
  return rules.find((rule) => rule === 'REQUEST_TOO_LARGE' || rule.endsWith('_CAP')) ?? rules[0] ?? '';
}
