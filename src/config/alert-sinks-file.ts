import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import type { SinkSettings } from '../alerts/settings.js';
import { textOf } from '../platform/utf8.js';
import { SINKS_SHAPE, type SinkShape } from './alert-sinks-shape.js';
import { pathText } from './field-path.js';
import { type Address, isLoopback, shown } from './values.js';
import type { Problem, YamlPath, YamlSource } from './yaml-source.js';

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
