import { percentOf } from '../model/percent.js';
import type { Policy } from '../model/policy.js';
import type { StoredLease } from '../model/state.js';
import { OTHER, UNSPECIFIED } from '../model/types.js';
import { Patterns } from '../policy/patterns.js';
import type { ScopeLimits } from '../policy/scope-fields.js';
import { teamPatterns } from '../policy/team-patterns.js';
import { monthOfDay } from '../time/calendar.js';

export type ScopeKind = 'TEAM' | 'MODEL';

/** A percentage of amounts: what it came to of the last one is remembered. */
class Part {
  private whole = Number.NaN;
  private tokens = 0;

  constructor(readonly percent: number) {}

  of(whole: number): number {
    if (whole !== this.whole) {
      this.whole = whole;
      this.tokens = percentOf(whole, this.percent);
    }
    return this.tokens;
  }
}

/** All that are live, by fence. */
type Leases = ReadonlyMap<number, StoredLease>;

/** What live leases of a scope hold unspent that were granted in one hour. */
interface HeldInHour {
  readonly start: number;
  readonly day: string;
  readonly month: string;
  tokens: number;
}

/**
 * A part of the budget that is counted by itself: a team, or the models that one pattern binds. What it spent in the windows of now
 * is kept in step with the sections of the state, by `scope-counts.ts`; what it holds, with the live leases, by `Slots`.
 */
export class Scope {
  /** Spent in the windows of now. */
  hour = 0;
  day = 0;
  month = 0;
  /** Its parts of the caps in force, which seldom change. */
  readonly hourPart: Part;
  readonly dayPart: Part;
  readonly monthPart: Part;
  /** How many live leases it has. */
  live = 0;
  /** Their fences, and those of some that have ended: a Set in which each comes and goes would be made anew again and again. */
  private fences: number[] = [];
  /** An hour that holds nothing any more stays until another begins. */
  private held: readonly HeldInHour[] = [];

  constructor(
    readonly kind: ScopeKind,
    /** The team id, or the pattern. */
    readonly id: string,
    readonly limits: ScopeLimits,
  ) {
    this.hourPart = new Part(limits.maxHourlyPercent);
    this.dayPart = new Part(limits.maxDailyPercent);
    this.monthPart = new Part(limits.maxMonthlyPercent);
  }

  hold({ fence, hourStart, day }: StoredLease, tokens: number, live: 1 | 0 | -1, leases: Leases): void {
    this.live += live;
    if (live === 1) this.fences.push(fence);
    else if (live === -1 && this.fences.length > 2 * this.live + 16) this.forgetEnded(leases);
    if (tokens === 0) return;
    for (const inHour of this.held) {
      if (inHour.start !== hourStart || inHour.day !== day) continue;
      inHour.tokens += tokens;
      return;
    }
    const begun = { start: hourStart, day, month: monthOfDay(day), tokens };
    this.held = [...this.held.filter((inHour) => inHour.tokens !== 0), begun];
  }

  forgetEnded(leases: Leases): void {
    this.fences = this.fences.filter((fence) => leases.has(fence));
  }

  /** Its leases, of all that are live. */
  *leasesOf(leases: Leases): IterableIterator<StoredLease> {
    for (const fence of this.fences) {
      const lease = leases.get(fence);
      if (lease !== undefined) yield lease;
    }
  }

  heldInHour(hourStart: number): number {
    let sum = 0;
    for (const held of this.held) if (held.start === hourStart) sum += held.tokens;
    return sum;
  }

  heldInDay(day: string): number {
    let sum = 0;
    for (const held of this.held) if (held.day === day) sum += held.tokens;
    return sum;
  }

  heldInMonth(month: string): number {
    let sum = 0;
    for (const held of this.held) if (held.month === month) sum += held.tokens;
    return sum;
  }
}

/** The scopes of a policy, compiled once for each of its revisions; a policy that has none has no such object. */
export class Scopes {
  readonly teams: ReadonlyMap<string, Scope>;
  readonly models: ReadonlyMap<string, Scope>;
  private readonly byAi: Binding;
  private readonly byModel: Binding;
  /** The hour that is counted. */
  hourStart = Number.NaN;

  private constructor(policy: Policy) {
    const { teams, models } = policy;
    this.teams = new Map(Array.from(teams, ([id, team]) => [id, new Scope('TEAM', id, team)]));
    this.models = new Map(Array.from(models, ([id, limits]) => [id, new Scope('MODEL', id, limits)]));
    this.byAi = new Binding(teamPatterns(policy), this.teams);
    this.byModel = new Binding(new Patterns(Array.from(models.keys(), own)), this.models);
  }

  static of(policy: Policy): Scopes | undefined {
    return policy.teams.size === 0 && policy.models.size === 0 ? undefined : new Scopes(policy);
  }

  /** The team that an AI is in. */
  teamOf(aiId: string): Scope | undefined {
    return this.byAi.of(aiId);
  }

  /** The scope of a model; who names none counts as `(unspecified)`. */
  ofModel(model: string | undefined): Scope | undefined {
    return this.byModel.of(model === undefined || model === '' ? UNSPECIFIED : model);
  }

  /** A live lease begins or ends, or holds so many tokens more. */
  hold(lease: StoredLease, tokens: number, live: 1 | 0 | -1, leases: Leases): void {
    this.teamOf(lease.aiId)?.hold(lease, tokens, live, leases);
    this.ofModel(lease.model)?.hold(lease, tokens, live, leases);
  }

  /** Before leases that have ended are live again. */
  forgetEnded(leases: Leases): void {
    for (const scope of [...this.teams.values(), ...this.models.values()]) scope.forgetEnded(leases);
  }

  /** Whether a lease counts in a scope. */
  isOf(scope: Scope, { aiId, model }: StoredLease): boolean {
    return scope === (scope.kind === 'TEAM' ? this.teamOf(aiId) : this.ofModel(model));
  }
}

function own(pattern: string) {
  return { pattern, id: pattern };
}

/** Names beyond it are looked up again. */
const MOST_REMEMBERED = 20_000;

/** Which scope binds a name: found once and remembered. */
class Binding {
  private readonly known = new Map<string, Scope | undefined>();
  /** A decision asks for the same name many times. */
  private lastName: string | undefined;
  private last: Scope | undefined;

  constructor(
    private readonly patterns: Patterns,
    private readonly scopes: ReadonlyMap<string, Scope>,
  ) {}

  of(name: string): Scope | undefined {
    if (name !== this.lastName) {
      this.last = this.found(name);
      this.lastName = name;
    }
    return this.last;
  }

  private found(name: string): Scope | undefined {
    const known = this.known.get(name);
    if (known !== undefined || this.known.has(name)) return known;
    // What stands under `(other)` is of many.
    const id = name === OTHER ? undefined : this.patterns.bestFor(name);
    const scope = id === undefined ? undefined : this.scopes.get(id);
    if (this.known.size >= MOST_REMEMBERED) this.known.clear();
    this.known.set(name, scope);
    return scope;
  }
}
