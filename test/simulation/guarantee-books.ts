import { Ledger } from '../../src/domain/ledger/ledger.js';
import { standingOf, type WindowFigures } from '../../src/domain/ledger/standing.js';
import { percentOf } from '../../src/domain/model/percent.js';
import type { StoredLease, StoredState } from '../../src/domain/model/state.js';
import type { Blocker, Denial } from '../../src/domain/model/types.js';
import type { Span } from '../../src/domain/time/windows.js';

/** What teams asked for in one window, by the commits alone. */
interface Book extends Span {
  readonly policy: string;
  cap: number;
  /** Nothing happened in it that no reservation stands for, and its cap did not fall. */
  holds: boolean;
  readonly asked: { readonly team: string; readonly at: number; readonly tokens: number }[];
}

/**
 * What is promised to guaranteed teams: a team whose requests from any moment s to the window's end total at most its guarantee times
 * min(1, 2 (end - s) / (end - start)) is not refused because of others. These books know the requests alone, not what the state says.
 */
export class GuaranteeBooks {
  private readonly books = new Map<'HOUR' | 'DAY', Book>();
  private ledger: Ledger | undefined;
  /** How often a request that was within its promise was answered. */
  kept = 0;

  constructor(private readonly budgetId: string) {}

  /** `ledger`: of the state after it. */
  commit(before: StoredState | undefined, after: StoredState, ledger: Ledger): void {
    this.ledger = ledger;
    if (!ledger.exists || ledger.guarantees === undefined || ledger.policy.mode === 'OBSERVE') {
      this.books.clear();
      return;
    }
    const granted = grantedIn(before, after);
    const { pacedHour, hour, day } = standingOf(ledger);
    const isForeign = hasForeign(after);
    for (const [kind, span, figures] of [
      ['HOUR', ledger.hour, { ...hour, cap: pacedHour }],
      ['DAY', ledger.today, day],
    ] as const) {
      const book = this.bookOf(kind, span, figures, granted);
      if (isForeign || figures.cap.tokens < book.cap) book.holds = false;
      for (const { lease, tokens } of granted) {
        const team = ledger.scopes?.teamOf(lease.aiId)?.id;
        if (team !== undefined) book.asked.push({ team, at: after.head.clock, tokens });
      }
    }
  }

  private bookOf(
    kind: 'HOUR' | 'DAY',
    { start, end }: Span,
    { spent, reserved, cap }: WindowFigures,
    granted: readonly Granted[],
  ): Book {
    const policy = JSON.stringify([this.ledger?.epoch, this.ledger?.policyFields]);
    const known = this.books.get(kind);
    if (known?.start === start && known.policy === policy) return known;
    // Of what was taken before, nobody knows whether the rule admitted it.
    const before = spent + reserved - granted.reduce((sum, { tokens }) => sum + tokens, 0);
    const book = { start, end, policy, cap: cap.tokens, holds: before <= 0, asked: [] };
    this.books.set(kind, book);
    return book;
  }

  /** Refusals of what was promised to an AI's team. `at`: the latest moment at which it may have been decided; `states`: since it was asked. */
  wrongOf(aiId: string, { blockers }: Denial, at: number, states: readonly StoredState[]): string[] {
    const team = this.teamOf(aiId);
    if (team === undefined) return [];
    const promised = this.promisedTo(aiId, at, states);
    if (promised > 0) this.kept += 1;
    const due = this.due(team, at, states);
    // A top-up may have made the month larger since it was decided.
    const hourlyMax = () =>
      Math.min(...states.map((state) => Ledger.of(this.budgetId, state).allowance.hourlyMax));
    const isDue = ({ rule, window, spent, reserved, requested }: Blocker) =>
      rule === 'HOURLY_CAP' &&
      window === 'HOUR' &&
      requested <= due &&
      spent + reserved + requested <= hourlyMax();
    return blockers
      .filter(({ rule, window }) => BY_OTHERS.has(rule) && window !== 'MONTH' && window !== undefined)
      .filter((blocker) => blocker.requested <= promised || isDue(blocker))
      .map(
        ({ rule, requested, message }) =>
          `${rule} refuses ${team} ${requested}, promised ${promised} and due ${due}: ${message}`,
      );
  }

  private teamOf(aiId: string): string | undefined {
    return this.ledger?.scopes?.teamOf(aiId)?.id;
  }

  /** What an AI's team may ask for, whatever others do. */
  promisedTo(aiId: string, at: number, states: readonly StoredState[]): number {
    const team = this.teamOf(aiId);
    if (team === undefined) return 0;
    return Math.min(this.promised('HOUR', team, at, states), this.promised('DAY', team, at, states));
  }

  /** What a team may ask for however small pacing makes the hours: its guarantee of the day, as far as the day is gone at this hour's end. */
  private due(team: string, at: number, states: readonly StoredState[]): number {
    const { ledger } = this;
    const book = this.books.get('DAY');
    const percent = ledger?.policy.teams.get(team)?.guaranteedPercent ?? 0;
    if (ledger === undefined || !book?.holds || percent === 0 || at >= ledger.hour.end) return 0;
    if (states.some(({ head }) => head.clock < ledger.hour.start)) return 0;
    const part = Math.min(1, (ledger.hour.end - book.start) / (book.end - book.start));
    const taken = book.asked.reduce((sum, one) => sum + (one.team === team ? one.tokens : 0), 0);
    return Math.floor(percentOf(book.cap, percent) * part) - taken;
  }

  private promised(kind: 'HOUR' | 'DAY', team: string, at: number, states: readonly StoredState[]): number {
    const book = this.books.get(kind);
    const percent = this.ledger?.policy.teams.get(team)?.guaranteedPercent ?? 0;
    if (book === undefined || !book.holds || percent === 0 || at >= book.end) return 0;
    if (states.some(({ head }) => head.clock < book.start)) return 0;
    const { start, end, cap } = book;
    const guaranteed = percentOf(cap, percent);
    const own = book.asked.filter((asked) => asked.team === team);
    const left = [start, at, ...own.map((asked) => asked.at)].map((moment) => {
      const part =
        this.ledger?.policy.lending === 'NEVER' ? 1 : Math.min(1, (2 * (end - moment)) / (end - start));
      const asked = own.reduce((sum, one) => sum + (one.at >= moment ? one.tokens : 0), 0);
      return Math.floor(guaranteed * part) - asked;
    });
    return Math.min(...left);
  }
}

const BY_OTHERS: ReadonlySet<string> = new Set(['HOURLY_CAP', 'DAILY_CAP', 'KEPT_FOR_OTHERS']);

interface Granted {
  readonly lease: StoredLease;
  readonly tokens: number;
}

/** What a commit newly reserves. */
function grantedIn(before: StoredState | undefined, after: StoredState): Granted[] {
  const granted: Granted[] = [];
  for (const lease of after.sections.leases.values()) {
    const earlier = before?.sections.leases.get(String(lease.fence));
    const tokens = lease.reserved - (earlier?.reserved ?? 0);
    if (tokens > 0) granted.push({ lease, tokens });
  }
  for (const { body } of after.sections.outbox.values()) {
    if (body.kind !== 'lease') continue;
    const { lease } = body;
    const earlier = before?.sections.leases.get(String(lease.fence));
    const isNew = lease.fence > (before?.head.fence ?? 0);
    const tokens = lease.reserved - (earlier?.reserved ?? 0);
    if ((isNew || earlier !== undefined) && tokens > 0) granted.push({ lease, tokens });
  }
  return granted;
}

/** Whether a commit books what no reservation stands for. */
function hasForeign({ head, sections }: StoredState): boolean {
  for (const { body, revision } of sections.outbox.values()) {
    if (revision !== head.revision) continue;
    if (body.kind === 'adjustment') return true;
    if (body.kind === 'usage' && (body.overrunTokens > 0 || body.late || body.fence === undefined))
      return true;
    if (body.kind === 'lease' && (body.release?.overrunTokens ?? 0) > 0) return true;
  }
  return false;
}
