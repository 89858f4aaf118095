import type { Policy } from '../model/policy.js';
import type { StoredLease } from '../model/state.js';
import { OTHER, UNSPECIFIED } from '../model/types.js';
import { Patterns } from '../policy/patterns.js';
import type { ScopeLimits } from '../policy/scope-fields.js';
import { teamPatterns } from '../policy/team-patterns.js';
import { monthOfDay } from '../time/calendar.js';

export type ScopeKind = 'TEAM' | 'MODEL';

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
  /** Its live leases. */
  readonly fences = new Set<number>();
  private readonly held: HeldInHour[] = [];

  constructor(
    readonly kind: ScopeKind,
    /** The team id, or the pattern. */
    readonly id: string,
    readonly limits: ScopeLimits,
  ) {}

  hold({ hourStart, day }: StoredLease, tokens: number): void {
    if (tokens === 0) return;
    const inHour = this.held.find(({ start }) => start === hourStart);
    if (inHour === undefined) {
      this.held.push({ start: hourStart, day, month: monthOfDay(day), tokens });
      return;
    }
    inHour.tokens += tokens;
    if (inHour.tokens === 0) this.held.splice(this.held.indexOf(inHour), 1);
  }

  heldInHour(hourStart: number): number {
    for (const { start, tokens } of this.held) if (start === hourStart) return tokens;
    return 0;
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
  hold(lease: StoredLease, tokens: number, live: 1 | 0 | -1): void {
    for (const scope of [this.teamOf(lease.aiId), this.ofModel(lease.model)]) {
      if (scope === undefined) continue;
      scope.hold(lease, tokens);
      if (live === 1) scope.fences.add(lease.fence);
      else if (live === -1) scope.fences.delete(lease.fence);
    }
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

  constructor(
    private readonly patterns: Patterns,
    private readonly scopes: ReadonlyMap<string, Scope>,
  ) {}

  of(name: string): Scope | undefined {
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
