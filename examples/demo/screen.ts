const ENTER = '\u001b[?1049h\u001b[?25l\u001b[2J';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const REST_OF_LINE = '\u001b[K';
const REST_OF_SCREEN = '\u001b[J';
const FRAME_MS = 250;

/** Draws a picture in place, four times a second, on the terminal's second screen: what stood there before comes back. */
export class Screen {
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly picture: (columns: number, rows: number) => readonly string[]) {}

  start(): void {
    process.stdout.write(ENTER);
    this.#timer = setInterval(() => this.#draw(), FRAME_MS);
  }

  /** Gives the terminal back, with the last picture on it. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    const { columns, rows } = process.stdout;
    process.stdout.write(`${LEAVE}${this.picture(columns, rows).join('\n')}\n`);
  }

  #draw(): void {
    const { columns, rows } = process.stdout;
    const lines = this.picture(columns, rows).map((line) => line + REST_OF_LINE);
    // One write for a picture: a terminal that draws between two would flicker.
    process.stdout.write(`${HOME}${lines.slice(0, rows).join('\r\n')}${REST_OF_SCREEN}`);
  }
}
