/** What became of the requests of one AI. */
export class AiLine {
  served = 0;
  refused = 0;
  tokens = 0;
  readonly rules = new Map<string, number>();
  readonly #parts = Array.from({ length: PARTS }, () => ({ served: 0, refused: 0 }));

  /** `part`: when it was, 0 to 1 of the run. */
  serve(part: number, tokens: number): void {
    this.served += 1;
    this.tokens += tokens;
    this.#at(part).served += 1;
  }

  refuse(part: number, rules: readonly string[]): void {
    this.refused += 1;
    this.#at(part).refused += 1;
    for (const rule of rules) this.rules.set(rule, (this.rules.get(rule) ?? 0) + 1);
  }

  #at(part: number): { served: number; refused: number } {
    return this.#parts[Math.min(PARTS - 1, Math.floor(part * PARTS))] ?? { served: 0, refused: 0 };
  }

  /** Through the run: full where all was served, empty where all was refused. */
  get cells(): string {
    return this.#parts
      .map(({ served, refused }) => {
        if (served + refused === 0) return ' ';
        const cell = Math.ceil((served / (served + refused)) * (CELLS.length - 1));
        return CELLS[cell] ?? '';
      })
      .join('');
  }
}

export const PARTS = 30;
const CELLS = ['·', '░', '▒', '▓', '█'];
