import { z } from 'zod';
import { SINK_KINDS, type SinkKind } from '../alerts/settings.js';
import { ALERT_RULES, type AlertRule } from '../domain/alerts/alert-conditions.js';
import { nearest } from './near-miss.js';
import { BUDGET_PATTERN, isNot, isNotDiscreetly, parsed, shown } from './values.js';

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

export type SinkShape = z.output<typeof sink>;

export const SINKS_SHAPE = z
  .array(sink, { error: isNotDiscreetly('a list of alert sinks') })
  .max(MOST_SINKS, { error: () => `more than ${MOST_SINKS} sinks` });
