import { type Flow, flowOf } from '../../../src/domain/turns/flow.js';

const TEAMS = new Map([
  ['x', { weight: 2 }],
  ['y', { weight: 0.5 }],
]);

/** `x/1` is in the team `x`; who has no stroke is in none. */
function teamOf(aiId: string): string | undefined {
  return aiId.includes('/') ? aiId.split('/')[0] : undefined;
}

export function toyFlowOf(aiId: string): Flow {
  return flowOf(TEAMS, teamOf(aiId), aiId);
}

/** As the rule says it, not as `flowOf` does. */
function handFlowOf(aiId: string): { id: string; weight: number } {
  const id = teamOf(aiId) ?? '';
  return { id, weight: TEAMS.get(id)?.weight ?? 1 };
}

interface Level {
  largestStart: number;
  readonly finish: Map<string, number>;
}

/** Turns kept by hand: a copy for every decision, and all flows walked for every choice. Numbers are small, and weights powers of two. */
export class TurnBook {
  private kept = new Map<string, Level>();
  /** Of the commits that are under way, the oldest first: each is what the one before it will have left, and what it did. */
  private sealed: (typeof this.kept)[] = [];
  private trial = this.kept;

  private get ahead() {
    return this.sealed.at(-1) ?? this.kept;
  }

  /** A decision begins: what another one did that no commit carries is not there. */
  begin(): void {
    this.trial = new Map(
      Array.from(this.ahead, ([name, { largestStart, finish }]) => [
        name,
        { largestStart, finish: new Map(finish) },
      ]),
    );
  }

  seal(): void {
    this.sealed.push(this.trial);
  }

  keep(): void {
    this.kept = this.sealed.shift() ?? this.kept;
  }

  /** Nothing is under way any more. */
  forget(): void {
    this.sealed = [];
  }

  private level(name: string): Level {
    const found = this.trial.get(name);
    if (found !== undefined) return found;
    const made = { largestStart: 0, finish: new Map<string, number>() };
    this.trial.set(name, made);
    return made;
  }

  grant(aiId: string, tokens: number): void {
    const { id, weight } = handFlowOf(aiId);
    this.move('flows', id, tokens / weight);
    this.move(`in ${id}`, aiId, tokens);
  }

  private move(name: string, who: string, cost: number): void {
    const level = this.level(name);
    const start = this.startIn(name, who);
    level.finish.set(who, start + cost);
    level.largestStart = Math.max(level.largestStart, start);
  }

  end(aiId: string, more: number): void {
    const { id, weight } = handFlowOf(aiId);
    if (more === 0) return;
    for (const [name, who, cost] of [
      ['flows', id, more / weight],
      [`in ${id}`, aiId, more],
    ] as const) {
      const { finish, largestStart } = this.level(name);
      finish.set(who, (finish.get(who) ?? largestStart) + cost);
    }
  }

  private startIn(name: string, who: string, levels = this.trial): number {
    const { largestStart = 0, finish } = levels.get(name) ?? {};
    return Math.max(largestStart, finish?.get(who) ?? 0);
  }

  flowOf(aiId: string): string {
    return handFlowOf(aiId).id;
  }

  /** Where the next turn of its flow starts, and within that its own. */
  starts(aiId: string, levels = this.trial): readonly [number, number] {
    const { id } = handFlowOf(aiId);
    return [this.startIn('flows', id, levels), this.startIn(`in ${id}`, aiId, levels)];
  }

  /** The same by what was kept, and what is under way. */
  startsAhead(aiId: string): readonly [number, number] {
    return this.starts(aiId, this.ahead);
  }
}
