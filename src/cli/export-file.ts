import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { StartError } from '../platform/start-error.js';
import type { Done } from './closing-line.js';
import type { Output, Run } from './output.js';
import type { Progress } from './progress.js';

const STANDARD_OUTPUT = '-';

/** A new file for what is exported, or standard output, which then has nothing but that. */
export class ExportFile {
  lines = 0;
  bytes = 0;

  /** What is refused is refused before anything is asked of the service. */
  constructor(
    readonly name: string,
    private readonly output: Output,
  ) {
    if (!this.isOutput && existsSync(name)) throw new StartError(`${name} exists already`);
  }

  get isOutput(): boolean {
    return this.name === STANDARD_OUTPUT;
  }

  /** A line at a time, no faster than the disk takes them; what is before the lines, as a head, is no line. */
  async write(texts: Iterable<string> | AsyncIterable<string>, head = ''): Promise<void> {
    const sink = this.isOutput ? undefined : createWriteStream(this.name, { flags: 'wx', mode: 0o600 });
    if (sink !== undefined) await once(sink, 'open');
    const put = async (text: string): Promise<void> => {
      this.bytes += Buffer.byteLength(text);
      if (sink === undefined) this.output.out(text);
      else if (!sink.write(text)) await once(sink, 'drain');
    };
    if (head !== '') await put(head);
    for await (const text of texts) {
      this.lines += 1;
      await put(text);
    }
    if (sink === undefined) return;
    sink.end();
    await once(sink, 'finish');
  }
}

/** What was written: one line of it for each file, and together what it came to. */
export interface Exported extends Done {
  readonly file: ExportFile;
  readonly told: string;
}

/** Where an export goes on its way. */
export interface Exporting {
  readonly run: Run;
  readonly progress: Progress;
  readonly add: (exported: Exported) => void;
}
