import { fits } from '../access/permissions.js';
import type { SinkKind, SinkSettings } from './settings.js';

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
  return rules.some((wanted) => wanted === rule) && budgets.some((pattern) => fits(pattern, budgetId));
}
