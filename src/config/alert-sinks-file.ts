import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { SECRET_PREFIX, SINK_KINDS, type SinkKind, type SinkSettings } from '../alerts/sink-settings.js';
import { ALERT_RULES, type AlertRule } from '../domain/alerts/condition.js';
import { textOf } from '../platform/bytes.js';
import { type Address, isLoopback } from './address.js';
import { nearest } from './near-miss.js';
import { BUDGET_PATTERN, isNot, isNotDiscreetly, parsed, shown } from './values.js';
import { type Problem, pathText, type YamlPath, type YamlSource } from './yaml-source.js';

/** The form of the section `alert_sinks` of CONFIG_FILE. Each key may be written as it stands here, and no other. */

export const SINK_KEYS = [
  ...['name', 'kind', 'url', 'url_env', 'url_file', 'secret', 'secret_env', 'secret_file'],
  ...['rules', 'budgets'],
] as const;

/** Each alert's mark has an entry for each of them. */
const MOST_SINKS = 16;
const SENDS: readonly SinkKind[] = ['webhook', 'slack'];

const named = (pattern: RegExp, what: string) =>
  parsed((text) => (pattern.test(text) ? text : undefined), what);

const VARIABLE = 'the name of an environment variable';
// Somebody may have put the address or the secret itself there.
const variable = parsed(
  (text) => (/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(text) ? text : undefined),
  VARIABLE,
  isNotDiscreetly(VARIABLE),
);
const file = z.string({ error: isNot('a file') }).min(1, { error: isNot('a file') });
// Neither is repeated in a message: the address of a Slack webhook is a secret, too.
const url = z.string({ error: () => 'it is not an address such as https://alerts.example.org/hook' });
const secret = z.string({ error: () => 'it is not a text of at least 16 characters' });

const oneOf = <T extends string>(names: readonly T[]) =>
  z.string({ error: isNot(`one of ${names.join(', ')}`) }).transform((text, context): T => {
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    const meant = nearest(text, names);
    const advice = meant === undefined ? `one of ${names.join(', ')}` : `known here; did you mean ${meant}?`;
    context.addIssue({ code: 'custom', message: `${shown(text)} is not ${advice}` });
    return z.NEVER;
  });

const list = <T extends z.ZodType>(item: T, what: string) =>
  z.array(item, { error: isNot(what) }).min(1, { error: () => `an empty list is not ${what}` });

const sink = z
  .strictObject(
    {
      name: named(
        /^[a-z0-9][a-z0-9_-]{0,31}$/,
        'a name of 1 to 32 lower-case letters, digits, "-" and "_"; it begins with a letter or digit',
      ),
      kind: oneOf(SINK_KINDS),
      url: url.optional(),
      url_env: variable.optional(),
      url_file: file.optional(),
      secret: secret.optional(),
      secret_env: variable.optional(),
      secret_file: file.optional(),
      rules: list(oneOf<AlertRule>(ALERT_RULES), 'a list of alert rules').default([...ALERT_RULES]),
      budgets: z
        .preprocess(
          (value) => (typeof value === 'string' ? [value] : value),
          list(BUDGET_PATTERN, 'a list of budget ids or patterns'),
        )
        .default(['*']),
    },
    { error: isNotDiscreetly('a sink with name and kind') },
  )
  .superRefine((sink, context) => {
    const wrong = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    const urls = present(sink, ['url', 'url_env', 'url_file']);
    const secrets = present(sink, ['secret', 'secret_env', 'secret_file']);
    const [firstUrl, secondUrl] = urls;
    const [firstSecret, secondSecret] = secrets;
    const sends = SENDS.includes(sink.kind);
    if (!sends && firstUrl !== undefined)
      wrong(firstUrl, `only webhook and slack have one, not ${sink.kind}`);
    if (sends && firstUrl === undefined)
      wrong('kind', `${sink.kind} needs an address: url, url_env or url_file`);
    if (secondUrl !== undefined) wrong(secondUrl, `give one of ${urls.join(', ')}, not several`);
    if (sink.kind !== 'webhook' && firstSecret !== undefined)
      wrong(firstSecret, `only webhook is signed, not ${sink.kind}`);
    if (secondSecret !== undefined) wrong(secondSecret, `give one of ${secrets.join(', ')}, not several`);
  });

function present(sink: Readonly<Record<string, unknown>>, keys: readonly string[]): string[] {
  return keys.filter((key) => sink[key] !== undefined);
}

type SinkShape = z.output<typeof sink>;

const SINKS_SHAPE = z
  .array(sink, { error: isNotDiscreetly('a list of alert sinks') })
  .max(MOST_SINKS, { error: () => `more than ${MOST_SINKS} sinks` });

type Environment = Readonly<Record<string, string | undefined>>;

/** Shorter ones can be tried out by whoever has one signed message. */
const LEAST_SECRET = 16;

export interface ConfiguredSinks {
  readonly alertSinks: readonly SinkSettings[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Reads the section `alert_sinks`; names of files in it are relative to the file's own folder. */
export function readAlertSinks(
  source: YamlSource,
  fileName: string,
  environment: Environment,
  shapeProblems: (at: YamlPath, issue: z.core.$ZodIssue) => Problem[],
): ConfiguredSinks {
  const value = (source.value as { alert_sinks?: unknown } | null | undefined)?.alert_sinks;
  if (value === undefined) return { alertSinks: [], problems: [], warnings: [] };
  const result = SINKS_SHAPE.safeParse(value);
  if (!result.success) {
    const problems = result.error.issues.flatMap((issue) => shapeProblems(['alert_sinks'], issue));
    return { alertSinks: [], problems, warnings: [] };
  }
  const reader = new SinkReader(source, dirname(fileName), environment);
  const alertSinks = result.data.map((sink, index) => reader.read(sink, index, result.data));
  return { alertSinks, problems: reader.problems, warnings: reader.warnings };
}

class SinkReader {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];

  constructor(
    private readonly source: YamlSource,
    private readonly folder: string,
    private readonly environment: Environment,
  ) {}

  read(sink: SinkShape, index: number, all: readonly SinkShape[]): SinkSettings {
    const { name, kind, rules, budgets } = sink;
    if (all.findIndex((other) => other.name === name) !== index)
      this.problem(index, 'name', `${shown(name)} stands here twice; the name tells sinks apart`);
    const url = this.url(sink, index);
    const secret = this.secret(sink, index);
    return {
      ...{ name, kind, rules: [...new Set(rules)], budgets },
      ...(url === undefined ? {} : { url }),
      ...(secret === undefined ? {} : { secret }),
    };
  }

  private url(sink: SinkShape, index: number): string | undefined {
    const [key, text] = this.text(sink, index, ['url', 'url_env', 'url_file']);
    if (text === undefined) return undefined;
    const wrong = urlProblem(text);
    if (wrong !== undefined) {
      this.problem(index, key, wrong);
      return undefined;
    }
    const { protocol, host, hostname, port } = new URL(text);
    const address: Address = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port), text: host };
    if (protocol === 'http:' && !isLoopback(address))
      this.warning(index, key, `${host} is told of alerts without TLS: whoever is on the line reads them`);
    return text;
  }

  private secret(sink: SinkShape, index: number): string | undefined {
    const [key, text] = this.text(sink, index, ['secret', 'secret_env', 'secret_file']);
    if (text !== undefined && text.length < LEAST_SECRET) {
      this.problem(
        index,
        key,
        `a secret of less than ${LEAST_SECRET} characters can be guessed; take a random one`,
      );
    }
    const encoded = text?.startsWith(SECRET_PREFIX) ? text.slice(SECRET_PREFIX.length) : undefined;
    if (encoded !== undefined && !/^[A-Za-z0-9+/]{22,}={0,2}$/.test(encoded))
      this.problem(index, key, `after ${SECRET_PREFIX} stands the key in base64, of at least 16 bytes`);
    if (sink.kind === 'webhook' && key === '')
      this.warning(
        index,
        'kind',
        'without a secret its messages are not signed, so anybody could make one up',
      );
    return text;
  }

  /** What stands in the file itself, in the environment, or in another file; and where that is said. */
  private text(
    sink: SinkShape,
    index: number,
    [own, env, file]: readonly ['url' | 'secret', 'url_env' | 'secret_env', 'url_file' | 'secret_file'],
  ): readonly [string, string | undefined] {
    if (sink[own] !== undefined) return [own, sink[own]];
    const [variable, path] = [sink[env], sink[file]];
    if (variable !== undefined) {
      const value = this.environment[variable];
      if (value === undefined || value === '')
        this.problem(index, env, `the environment variable ${variable} is not set`);
      // What Node puts for bytes that are no UTF-8.
      if (value?.includes('\ufffd'))
        this.problem(index, env, `the environment variable ${variable} is no text in UTF-8`);
      return [env, value || undefined];
    }
    if (path?.includes('://')) {
      this.problem(index, file, 'it is not the name of a file; an address itself stands under url');
      return [file, undefined];
    }
    if (path !== undefined) return [file, this.contents(index, file, resolve(this.folder, path))];
    return ['', undefined];
  }

  private contents(index: number, key: string, path: string): string | undefined {
    try {
      const text = textOf(readFileSync(path))?.trim();
      if (text !== undefined && text !== '') return text;
      const binary =
        'has bytes that are no text in UTF-8: take a secret of letters and digits, such as base64';
      this.problem(index, key, `${path} ${text === undefined ? binary : 'is empty'}`);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const reason = code === 'ENOENT' ? 'there is no such file' : message;
      this.problem(index, key, `${path} cannot be read: ${reason}`);
    }
    return undefined;
  }

  private problem(index: number, key: string, message: string): void {
    this.problems.push({ place: this.place(index, key), message });
  }

  private warning(index: number, key: string, message: string): void {
    this.warnings.push({ place: this.place(index, key), message });
  }

  private place(index: number, key: string): string {
    const path = ['alert_sinks', index, key];
    return `${this.source.place(path)}: ${pathText(path)}`;
  }
}

/** What is wrong with an address, without repeating it. */
function urlProblem(text: string): string | undefined {
  const example = 'an address such as https://alerts.example.org/hook';
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return `it is not ${example}`;
  const { username, password, hash } = new URL(text);
  if (username !== '' || password !== '') return 'it has a user or password before the host; leave them out';
  return hash === '' ? undefined : 'what follows "#" is never sent; leave it out';
}
