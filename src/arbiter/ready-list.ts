import { NOBODY, Pending } from './pending.js';

export function isSweep(pending: Pending | undefined): boolean {
  return pending?.request.kind === 'sweep';
}

/** The requests of one budget that can be decided, in the order of their arrival. */
export class ReadyList {
  private pendings: Pending[] = [];
  /** So many batches of one request each, to find out which one the store refuses. */
  private singles = 0;

  get size(): number {
    return this.pendings.length;
  }

  /** The next batch is one request alone. */
  get alone(): boolean {
    return this.singles > 0;
  }

  all(): readonly Pending[] {
    return this.pendings;
  }

  /** Whether the arbiter asks for such a thing already. */
  hasOwn(kind: Pending['request']['kind']): boolean {
    return this.pendings.some(({ caller, request }) => caller === NOBODY && request.kind === kind);
  }

  add(...pendings: readonly Pending[]): void {
    this.pendings.push(...pendings);
  }

  /** Before those that came later. */
  addFirst(pendings: readonly Pending[]): void {
    this.pendings = [...pendings, ...this.pendings];
  }

  oneAtATime(times: number): void {
    this.singles += times;
  }

  /** A sweep alone before all others. */
  sweepFirst(now: number): void {
    this.addFirst([Pending.own({ kind: 'sweep' }, now)]);
    this.oneAtATime(1);
  }

  /** `sweepsApart`: sweeps, which do what is nobody's request, share no batch with anything else. */
  takeBatch(most: number, sweepsApart: boolean): Pending[] {
    const taken = this.pendings.splice(0, this.alone ? 1 : most);
    this.singles = Math.max(0, this.singles - 1);
    if (!sweepsApart) return taken;
    const sweeps = isSweep(taken[0]);
    this.addFirst(taken.filter((pending) => isSweep(pending) !== sweeps));
    return taken.filter((pending) => isSweep(pending) === sweeps);
  }

  takeAll(): Pending[] {
    return this.pendings.splice(0);
  }

  /** Those whose callers have an answer already. */
  takeAnswered(): Pending[] {
    const answered = this.pendings.filter((pending) => pending.answered);
    if (answered.length > 0) this.pendings = this.pendings.filter((pending) => !pending.answered);
    return answered;
  }
}
