import { percentOf } from '../model/percent.js';

/** What a policy guarantees one team: a part of the hour's and the day's caps, and slots. */
export interface TeamGuarantee {
  readonly teamId: string;
  readonly percent: number;
  readonly slots: number;
}

/** What the teams are guaranteed of a cap in tokens, in the order of their list. */
export interface GuaranteedParts {
  readonly cap: number;
  readonly tokens: readonly number[];
  readonly sum: number;
}

/** The teams that a policy guarantees something, by what that is: most policies guarantee nothing, and then nothing is looked at. */
export class Guarantees {
  readonly ofCaps: readonly TeamGuarantee[];
  readonly ofSlots: readonly TeamGuarantee[];
  /** Of the caps that were asked for last: they stay in force for long. */
  private hour: GuaranteedParts;
  private day: GuaranteedParts;

  constructor(teams: Iterable<TeamGuarantee>) {
    const all = [...teams];
    this.ofCaps = all.filter(({ percent }) => percent > 0);
    this.ofSlots = all.filter(({ slots }) => slots > 0);
    this.hour = this.partsOf(0);
    this.day = this.hour;
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
