import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Access } from '../access/access.js';
import { type CredentialChanges, entryText } from '../access/credential-entries.js';
import { type Config, ConfigError, loadConfig } from '../config/config.js';
import type { Environment } from '../config/environment.js';
import { restartChanges } from '../config/restart-changes.js';
import { type FileWatch, watchFiles } from '../platform/file-watch.js';
import type { Log } from '../platform/log.js';
import type { Scheduler } from '../platform/scheduler.js';

/** A credential that is withdrawn should not count for long; two small files cost nothing. */
const EVERY_MS = 2_000;
/** Nobody takes longer to write a file of a few kilobytes. */
const SETTLE_MS = 500;
/** Of a list that is wrong throughout, the first few say how. */
const MOST_PROBLEMS = 20;

const NO_CREDENTIALS = 'it names no credentials any more, and without them everybody could call';
const NOT_USED = 'CONFIG_FILE is not used as it stands now: what is in force stays';

export interface ConfigurationWatchOptions {
  /** What the process was started with. */
  readonly config: Config;
  readonly environment?: Environment;
  /** Absent: there were no credentials at the start, and only a restart brings some. */
  readonly access: Access | undefined;
  readonly scheduler: Scheduler;
  readonly wall: () => number;
  readonly log: Log;
}

/** How CONFIG_FILE was read last. */
export interface ConfigurationRead {
  readonly successful: boolean;
  /** By the wall clock. */
  readonly succeededAt: number;
}

/**
 * Reads CONFIG_FILE again, and takes over its credentials when they have changed. A file that is wrong, in whatever part,
 * changes nothing: half of it may be a slip that would turn everybody away.
 */
export class ConfigurationWatch {
  private files: FileWatch | undefined;
  /** The newest that was right. */
  private current: Config;
  private refusal: string | undefined;
  private succeededAt: number;

  constructor(private readonly options: ConfigurationWatchOptions) {
    this.current = options.config;
    this.succeededAt = options.wall();
  }

  get read(): ConfigurationRead {
    return { successful: this.refusal === undefined, succeededAt: this.succeededAt };
  }

  start(): void {
    const { config, scheduler } = this.options;
    if (config.configFile === undefined) return;
    const options = {
      ...{ scheduler, everyMs: EVERY_MS, settleMs: SETTLE_MS, files: () => this.paths() },
      onChange: (contents: readonly Buffer[]) => this.take(contents),
      onFailure: (error: Error) => this.refuse([error.message], []),
      againAfterFailure: true,
    };
    // What was read at the start is not at hand: the first look takes it over once more, and finds no difference.
    this.files = watchFiles(options, []);
  }

  stop(): void {
    this.files?.stop();
  }

  /** Takes over credentials at once, and says what else of the file waits for a restart. */
  async tell(): Promise<void> {
    const { config, log } = this.options;
    if (this.files === undefined) {
      log.info({}, 'there is no CONFIG_FILE to read again');
      return;
    }
    await this.files.look();
    if (this.refusal !== undefined) {
      log.warn({}, NOT_USED);
      return;
    }
    const changes = restartChanges(config, this.current);
    for (const change of changes) log.info({ change }, `a restart would ${change}`);
    if (changes.length === 0) log.info({}, 'a restart would change nothing');
  }

  /** The tokens may stand in a file of their own, which CONFIG_FILE names. */
  private paths(): string[] {
    const { configFile, credentials } = this.current;
    return [configFile, credentials?.tokensFile].flatMap((path) => path ?? []);
  }

  private take(contents: readonly Buffer[]): boolean {
    const { access, environment, log } = this.options;
    try {
      const { config } = loadConfig(environment);
      const unread = config.credentials?.tokensFile !== this.current.credentials?.tokensFile;
      // Another one may have been put there since: the next look has all of it.
      if (!unread && !this.paths().every((path, index) => contents[index]?.equals(readFileSync(path))))
        return false;
      if (access !== undefined && config.credentials === undefined) {
        this.refuse([NO_CREDENTIALS], contents);
        return false;
      }
      this.current = config;
      if (this.refusal !== undefined) log.info({}, 'CONFIG_FILE is right again');
      this.refusal = undefined;
      this.succeededAt = this.options.wall();
      if (access !== undefined && config.credentials !== undefined)
        this.logged(access.replace(config.credentials));
      return !unread;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (!(error instanceof ConfigError) && code === undefined) throw error;
      this.refuse(error instanceof ConfigError ? error.problems : [message], contents);
      return false;
    }
  }

  /** Told once for each content, however often it is looked at. */
  private refuse(problems: readonly string[], contents: readonly Buffer[]): void {
    const hash = createHash('sha256').update(problems.join('\n'));
    for (const content of contents) hash.update('\0').update(content);
    const refusal = hash.digest('hex');
    if (refusal === this.refusal) return;
    this.refusal = refusal;
    const more = problems.length - MOST_PROBLEMS;
    const told = [...problems.slice(0, MOST_PROBLEMS), ...(more > 0 ? [`and ${more} more`] : [])];
    this.options.log.error({ problems: told }, NOT_USED);
  }

  private logged({ added, removed, changed }: CredentialChanges): void {
    if (added.length + removed.length + changed.length === 0) return;
    this.options.log.info(
      { added: added.map(entryText), removed: removed.map(entryText), changed: changed.map(entryText) },
      'other credentials are in force; what withdrawn ones opened has ended',
    );
  }
}
