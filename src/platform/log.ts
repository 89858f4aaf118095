export type LogFields = Readonly<Record<string, unknown>>;

type LogLine = (fields: LogFields, message: string) => void;

/** Where log lines go: what they are about in fields, what happened in words. No secrets in either. */
export interface Log {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

export const SILENT_LOG: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
