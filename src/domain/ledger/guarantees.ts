import { percentOf } from '../model/percent.js';
import type { Policy } from '../model/policy.js';
import type { Scope, Scopes } from './scopes.js';

/** A team that a policy guarantees something: a part of the hour's and of the day's caps, or slots. */
export interface GuaranteedTeam {
  readonly team: Scope;
  readonly percent: number;
  readonly slots: number;
}

/** What the teams with a part of the caps are guaranteed of one cap in tokens, in the order of `ofCaps`. */
export interface GuaranteedParts {
  readonly cap: number;
  readonly tokens: readonly number[];
  readonly sum: number;
}

/** What a policy guarantees its teams, made ready once for each of its revisions; one that guarantees nothing has no such object. */
export class Guarantees {
  readonly ofCaps: readonly GuaranteedTeam[];
  readonly ofSlots: readonly GuaranteedTeam[];
  private readonly places: ReadonlyMap<Scope, number>;
  /** Of the caps that were asked for last: they stay in force for long. */
  private hour: GuaranteedParts;
  private day: GuaranteedParts;

  private constructor(teams: readonly GuaranteedTeam[]) {
    this.ofCaps = teams.filter(({ percent }) => percent > 0);
    this.ofSlots = teams.filter(({ slots }) => slots > 0);
    this.places = new Map(this.ofCaps.map(({ team }, place) => [team, place]));
    this.hour = this.partsOf(0);
    this.day = this.hour;
  }

  static of({ teams }: Policy, scopes: Scopes | undefined): Guarantees | undefined {
    const guaranteed: GuaranteedTeam[] = [];
    for (const [teamId, { guaranteedPercent: percent, guaranteedSlots: slots }] of teams) {
      const team = scopes?.teams.get(teamId);
      if (team !== undefined && percent + slots > 0) guaranteed.push({ team, percent, slots });
    }
    return guaranteed.length === 0 ? undefined : new Guarantees(guaranteed);
  }

  /** Its place in `ofCaps`; -1 where no part of the caps is guaranteed to it. */
  placeOf(team: Scope | undefined): number {
    return team === undefined ? -1 : (this.places.get(team) ?? -1);
  }

  ofHour(cap: number): GuaranteedParts {
    if (this.hour.cap !== cap) this.hour = this.partsOf(cap);
    return this.hour;
  }

  ofDay(cap: number): GuaranteedParts {
    if (this.day.cap !== cap) this.day = this.partsOf(cap);
    return this.day;
  }

  partsOf(cap: number): GuaranteedParts {
    const tokens = this.ofCaps.map(({ percent }) => percentOf(cap, percent));
    return { cap, tokens, sum: tokens.reduce((sum, part) => sum + part, 0) };
  }
}
