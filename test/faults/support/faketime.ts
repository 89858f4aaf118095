import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';

const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[arch() as string] ?? '';
const library = `/usr/lib/${triplet}/faketime/libfaketime.so.1`;

/** Debian's libfaketime; undefined if it is not installed. */
export const faketimeLibrary: string | undefined = existsSync(library) ? library : undefined;

/** The wall clock of a process, without its monotonic one, from a file that moves it while it runs. */
export class MovableClock {
  constructor(
    private readonly folder: string,
    private readonly library: string,
  ) {}

  get env(): Record<string, string> {
    return {
      LD_PRELOAD: this.library,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_TIMESTAMP_FILE: join(this.folder, 'faketime'),
      FAKETIME_NO_CACHE: '1',
    };
  }

  /** `+2h`, `-40d`, `+0`: against the machine's own clock. */
  move(offset: string): Promise<void> {
    return writeFile(join(this.folder, 'faketime'), `${offset}\n`);
  }
}
