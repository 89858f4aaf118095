import { LazyMap } from '../model/lazy-map.js';

/**
 * Patterns in which `*` stands for any run of characters, the empty one too; what has no star is a name itself. Of those that fit a
 * name one binds it: the name itself first, then most literal characters, then fewest stars, then the id that sorts first.
 */

/** A pattern, and whose it is: a team's id, or the pattern itself. */
export interface PatternOf {
  readonly pattern: string;
  readonly id: string;
}

/** Patterns made ready once, to be asked often: by the literal beginning that a name must share with them. */
export class Patterns {
  private readonly exact = new LazyMap<string, string>();
  /** By their literal beginning, and in each the best first. */
  private readonly byBeginning = new LazyMap<string, Ranked[]>();
  /** How long these beginnings are. */
  private readonly lengths: readonly number[];

  constructor(patterns: Iterable<PatternOf>) {
    const wild: PatternOf[] = [];
    for (const one of patterns) {
      if (one.pattern.includes('*')) wild.push(one);
      else if (one.id < (this.exact.get(one.pattern) ?? AFTER_ALL)) this.exact.set(one.pattern, one.id);
    }
    wild.sort(bestFirst);
    for (const [rank, { pattern, id }] of wild.entries()) {
      const pieces = pattern.split('*');
      const beginning = pieces[0] ?? '';
      const ranked = { rank, id, pieces };
      const alike = this.byBeginning.get(beginning);
      if (alike === undefined) this.byBeginning.set(beginning, [ranked]);
      else alike.push(ranked);
    }
    this.lengths = [...new Set(Array.from(this.byBeginning.keys(), (beginning) => beginning.length))];
  }

  get isEmpty(): boolean {
    return this.exact.size === 0 && this.byBeginning.size === 0;
  }

  /** The id whose pattern fits a name best; undefined if none fits. */
  bestFor(name: string): string | undefined {
    const exact = this.exact.get(name);
    if (exact !== undefined) return exact;
    let best: Ranked | undefined;
    for (const length of this.lengths) {
      if (length > name.length) continue;
      for (const ranked of this.byBeginning.get(name.slice(0, length)) ?? NONE) {
        if (best !== undefined && best.rank < ranked.rank) break;
        if (!fits(ranked.pieces, name)) continue;
        best = ranked;
        break;
      }
    }
    return best?.id;
  }
}

/** Whether a pattern fits a name. */
export function fitsPattern(pattern: string, name: string): boolean {
  return patternTest(pattern)(name);
}

/** The same of one pattern, for many names. */
export function patternTest(pattern: string): (name: string) => boolean {
  const pieces = pattern.split('*');
  return pieces.length === 1 ? (name) => name === pattern : (name) => fits(pieces, name);
}

interface Ranked {
  /** Its place among all with a star, the best first. */
  readonly rank: number;
  readonly id: string;
  /** What stands between its stars. */
  readonly pieces: readonly string[];
}

const NONE: readonly Ranked[] = [];
/** No id sorts after it. */
const AFTER_ALL = '\uffff';

function bestFirst(one: PatternOf, other: PatternOf): number {
  const [a, b] = [literals(one.pattern), literals(other.pattern)];
  if (a !== b) return b - a;
  const [stars, otherStars] = [[...one.pattern].length - a, [...other.pattern].length - b];
  return stars - otherStars || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);
}

function literals(pattern: string): number {
  return [...pattern].filter((character) => character !== '*').length;
}

/** Each piece is found as early as it can be, after the one before: no pattern can make this slow. */
function fits(pieces: readonly string[], name: string): boolean {
  const last = pieces.length - 1;
  const [beginning = '', ending = ''] = [pieces[0], pieces[last]];
  const end = name.length - ending.length;
  if (end < beginning.length || !name.startsWith(beginning) || !name.endsWith(ending)) return false;
  let at = beginning.length;
  for (let index = 1; index < last; index += 1) {
    const piece = pieces[index] ?? '';
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= end;
}
