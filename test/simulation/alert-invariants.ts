import { alertConditions } from '../../src/domain/alerts/alert-conditions.js';
import { alertInput } from '../../src/domain/alerts/alert-input.js';
import { noticeEndsAt } from '../../src/domain/alerts/notices.js';
import type { Ledger } from '../../src/domain/ledger/ledger.js';
import type { StoredState } from '../../src/domain/model/state.js';

/** What every committed state must hold: the alerts that it shows are the conditions that hold. */
export function checkShownAlerts(ledger: Ledger, state: StoredState): string[] {
  if (!ledger.exists) return [];
  const shown = new Set<string>();
  for (const { rule, endedAt } of state.sections.alerts.values()) if (endedAt === undefined) shown.add(rule);
  return alertConditions(alertInput(ledger))
    .filter(({ rule, holds }) => holds !== shown.has(rule))
    .map(({ rule, holds }) => `${rule} ${holds ? 'holds' : 'does not hold'}, and its alert says otherwise`);
}

/** At rest no notice stands longer than its condition is away. */
export function checkNoticesAtRest({ head, sections }: StoredState, now: number): string[] {
  if (head.deleted) return [];
  return [...sections.alerts].flatMap(([key, mark]) =>
    noticeEndsAt(mark) + 60_000 < now
      ? [`alert ${key} has been away for long, and its end was not told`]
      : [],
  );
}
