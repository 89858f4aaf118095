import type { Log, LogFields } from '../../src/platform/log.js';

export interface LogEntry {
  readonly level: keyof Log;
  readonly fields: LogFields;
  readonly message: string;
}

/** A log that a test can read. */
export function collectedLog(): Log & { readonly entries: LogEntry[] } {
  const entries: LogEntry[] = [];
  const collect = (level: keyof Log) => (fields: LogFields, message: string) => {
    entries.push({ level, fields, message });
  };
  return {
    entries,
    debug: collect('debug'),
    info: collect('info'),
    warn: collect('warn'),
    error: collect('error'),
  };
}
