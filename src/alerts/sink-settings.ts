import { ALERT_RULES, type AlertRule } from '../domain/alerts/condition.js';
import { fitsPattern } from '../domain/policy/patterns.js';

/** Where alerts go, as CONFIG_FILE says it: `config/alert-sinks-file.ts` reads it. */

export const SINK_KINDS = ['log', 'metric', 'webhook', 'slack'] as const;
export type SinkKind = (typeof SINK_KINDS)[number];

/** Begins a secret of Standard Webhooks: what follows is the key, in base64. */
export const SECRET_PREFIX = 'whsec_';

export interface SinkSettings {
  readonly name: string;
  readonly kind: SinkKind;
  /** Of `webhook` and `slack`. It may be a secret itself: only its host is ever shown. */
  readonly url?: string;
  /** Signs what a `webhook` is sent. */
  readonly secret?: string;
  readonly rules: readonly AlertRule[];
  /** Budget ids, or patterns in which `*` stands for any characters. */
  readonly budgets: readonly string[];
}

/** Where a sink leads, without what may be secret. */
export function placeOf({ kind, url }: Pick<SinkSettings, 'kind' | 'url'>): string {
  return url === undefined ? kind : `${kind} at ${new URL(url).host}`;
}

/** A sink in one line, for `--check-config`. */
export function sinkText(sink: SinkSettings): string {
  const { name, kind, secret, rules, budgets } = sink;
  const signed = kind === 'webhook' ? [secret === undefined ? 'not signed' : 'signed'] : [];
  const which = rules.length === ALERT_RULES.length ? 'every rule' : rules.join(' ');
  return `${name}: ${[placeOf(sink), ...signed, which, `budgets ${budgets.join(' ')}`].join(', ')}`;
}

/** Which sinks an alert goes to. */
export class Routing {
  constructor(private readonly sinks: readonly SinkSettings[]) {}

  /** Sinks of other machines, by name: they are told again until they have heard. */
  remote(budgetId: string, rule: string): string[] {
    return this.sinks
      .filter((sink) => sink.url !== undefined && wants(sink, budgetId, rule))
      .map(({ name }) => name);
  }

  /** Whether the log, or the metric, tells it. Where no sink of that kind is configured, it tells everything. */
  local(kind: Extract<SinkKind, 'log' | 'metric'>, budgetId: string, rule: string): boolean {
    const own = this.sinks.filter((sink) => sink.kind === kind);
    return own.length === 0 || own.some((sink) => wants(sink, budgetId, rule));
  }
}

function wants({ rules, budgets }: SinkSettings, budgetId: string, rule: string): boolean {
  return rules.some((wanted) => wanted === rule) && budgets.some((pattern) => fitsPattern(pattern, budgetId));
}
