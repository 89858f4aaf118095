/** Of an AI so many of this process's calls wait in the service; it takes 100, and this AI may have other processes. */
const MOST_IN_SERVICE = 50;

interface Line {
  inService: number;
  readonly waiting: (() => void)[];
}

/** The waits of each AI on each budget: some in the service, the others here, first come first served. */
export class WaitLines {
  private readonly lines = new Map<string, Line>();

  constructor(private readonly most = MOST_IN_SERVICE) {}

  /** Resolves to what gives the place back; to undefined if the signal aborts before there is one. */
  async enter(of: string, signal: AbortSignal): Promise<(() => void) | undefined> {
    const line = this.lines.get(of) ?? { inService: 0, waiting: [] };
    this.lines.set(of, line);
    if (line.inService < this.most) line.inService += 1;
    else if (!(await turn(line, signal))) return undefined;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = line.waiting.shift();
      // Its place goes to the next, so nobody comes between.
      if (next !== undefined) next();
      else line.inService -= 1;
      if (line.inService === 0) this.lines.delete(of);
    };
  }
}

/** False if the signal aborts first. */
function turn(line: Line, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const take = (): void => {
      signal.removeEventListener('abort', give);
      resolve(true);
    };
    const give = (): void => {
      const at = line.waiting.indexOf(take);
      if (at >= 0) line.waiting.splice(at, 1);
      resolve(false);
    };
    if (signal.aborted) {
      resolve(false);
      return;
    }
    line.waiting.push(take);
    signal.addEventListener('abort', give, { once: true });
  });
}
