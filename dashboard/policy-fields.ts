/** The fields of a policy as its form shows them, and their values between texts and what the service reads. */

export type FieldKind = 'number' | 'text' | 'duration' | 'choice' | 'ids' | 'by-ai' | 'weights' | 'by-model';

export interface PolicyField {
  readonly name: string;
  readonly kind: FieldKind;
  readonly help: string;
  readonly choices?: readonly string[];
}

export interface FieldGroup {
  readonly title: string;
  readonly fields: readonly PolicyField[];
}

const number = (name: string, help: string): PolicyField => ({ name, kind: 'number', help });
const lasting = (name: string, help: string): PolicyField => ({ name, kind: 'duration', help });

export const FIELD_GROUPS: readonly FieldGroup[] = [
  {
    title: 'Limits',
    fields: [
      number('monthly_limit', 'tokens a month'),
      number('enforced_percent', 'of it is handed out: the enforced limit'),
      number('max_daily_percent', 'of the enforced limit in one day, at most'),
      number('max_hourly_percent', 'of the enforced limit in one hour, at most'),
      number('min_daily_percent', 'a day should use at least; FLOOR keeps it for later days'),
      {
        name: 'pacing',
        kind: 'choice',
        choices: ['NONE', 'FLOOR', 'EVEN'],
        help: 'how the day’s cap follows the month',
      },
      {
        name: 'mode',
        kind: 'choice',
        choices: ['ENFORCE', 'OBSERVE'],
        help: 'OBSERVE grants what it would deny',
      },
      {
        name: 'time_zone',
        kind: 'text',
        help: 'IANA name; in force from the next month if this one is in use',
      },
    ],
  },
  {
    title: 'Slots and leases',
    fields: [
      number('max_concurrent', 'live slots'),
      number('max_concurrent_per_ai', 'live slots of one AI'),
      lasting('cooldown', 'between two grants to the same AI'),
      lasting('lease_ttl', 'a lease not renewed for so long is over'),
      lasting('max_lease_duration', 'renewals end so long after the grant'),
      lasting('session_grace', 'how long a lease outlives its broken session'),
      {
        name: 'on_expiry',
        kind: 'choice',
        choices: ['CHARGE', 'REFUND'],
        help: 'what a crashed AI had reserved',
      },
      lasting('late_report_grace', 'so long a release frees what is presumed'),
    ],
  },
  {
    title: 'Requests',
    fields: [
      number('max_request_tokens', 'one lease may reserve; 0: no such limit'),
      number('max_report_tokens', 'a larger report is taken for a mistake; 0: the monthly limit'),
      number('default_reservation', 'for callers without an estimate; 0: worked out'),
      number('min_reservation', 'the least that such a caller gets'),
      number('min_estimate', 'any lease reserves at least; 0: no such least'),
      number('max_daily_percent_per_ai', 'of the day’s cap for one AI; 100 turns it off'),
      { name: 'max_daily_percent_by_ai', kind: 'by-ai', help: 'one a line, such as guardian: 50' },
    ],
  },
  {
    title: 'Alerts and the rest',
    fields: [
      number('warning_percent', 'of the enforced limit spent: an alert'),
      number('critical_percent', 'a louder one'),
      number('emergency_percent', 'no new grants from here on; 100 turns it off'),
      { name: 'fallback_budget_ids', kind: 'ids', help: 'budgets that denials name, with commas between' },
      { name: 'token_weights', kind: 'weights', help: 'one a line, such as cache_read_percent: 10' },
      {
        name: 'token_weights_by_model',
        kind: 'by-model',
        help: 'one a line: model: output_percent 500, input_percent 100',
      },
    ],
  },
];

/** A value as the form writes it; an unset one is empty. */
export function fieldText(kind: FieldKind, value: unknown): string {
  if (value === undefined || value === null) return '';
  switch (kind) {
    case 'ids':
      return (value as string[]).join(', ');
    case 'by-ai':
    case 'weights':
      return lines(value, String);
    case 'by-model':
      return lines(value, (weights) =>
        Object.entries(weights as object)
          .map(([name, percent]) => `${name} ${percent}`)
          .join(', '),
      );
    default:
      return String(value);
  }
}

function lines(value: unknown, text: (entry: unknown) => string): string {
  return Object.entries(value as object)
    .map(([name, entry]) => `${name}: ${text(entry)}`)
    .join('\n');
}

/** What the service is sent; undefined leaves the field at its default. What is no number stays a text, of which it complains. */
export function fieldValue(kind: FieldKind, text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  switch (kind) {
    case 'number':
      return numberOf(trimmed);
    case 'ids':
      return trimmed.split(/[\s,]+/).filter((id) => id !== '');
    case 'by-ai':
    case 'weights':
      return entries(trimmed, numberOf);
    case 'by-model':
      return entries(trimmed, (weights) => {
        const pairs = weights.split(',').map((pair) => pair.trim().split(/\s+/));
        return ownEntries(pairs.map(([name = '', percent = '']) => [name, numberOf(percent)]));
      });
    default:
      return trimmed;
  }
}

/** Names may have colons themselves: the last one counts. */
function entries(text: string, value: (entry: string) => unknown): object {
  const filled = text.split('\n').filter((line) => line.trim() !== '');
  return ownEntries(
    filled.map((line) => {
      const colon = line.lastIndexOf(':');
      if (colon < 0) return [line.trim(), ''];
      return [line.slice(0, colon).trim(), value(line.slice(colon + 1).trim())];
    }),
  );
}

/** Own properties whatever their names, `__proto__` too. */
function ownEntries(pairs: (readonly [string, unknown])[]): object {
  return Object.fromEntries(pairs);
}

function numberOf(text: string): number | string {
  const plain = text.replace(/%$/, '').replaceAll('_', '').trim();
  return plain !== '' && Number.isFinite(Number(plain)) ? Number(plain) : text;
}
