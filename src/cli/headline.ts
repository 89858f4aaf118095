import { type Headline, HeadlineStatus, Rule } from '../gen/budgetarbiter/v1/budget.js';
import { harmless, type Paint, PLAIN, type Style } from './text.js';

/** What the service says of a budget in one line; undefined where it knows nothing, or is older than headlines. */
export function headlineText(headline: Headline | undefined): string | undefined {
  if (headline === undefined) return undefined;
  const { text, observedText } = headline;
  return harmless(observedText === '' ? text : `${text}. ${observedText}`);
}

export function headlineStyle({ status }: Headline): Style {
  if (status >= HeadlineStatus.HEADLINE_STATUS_REFUSING) return 'red';
  return status > HeadlineStatus.HEADLINE_STATUS_OK ? 'yellow' : 'green';
}

/** With names in place of numbers. */
export function headlineJson(headline: Headline | undefined): object | undefined {
  if (headline === undefined) return undefined;
  const { status, rule, ...rest } = headline;
  return { status: HeadlineStatus[status], ...rest, ...(rule !== 0 && { rule: Rule[rule] }) };
}

interface Standing {
  readonly budget: { readonly budgetId: string };
  readonly stats: { readonly headline?: Headline | undefined };
}

/** A line for each budget, the worst first. */
export function headlines(standings: readonly Standing[], paint: Paint = PLAIN): string {
  const statusOf = ({ stats }: Standing) =>
    stats.headline?.status ?? HeadlineStatus.HEADLINE_STATUS_UNSPECIFIED;
  const worstFirst = [...standings].sort((a, b) => statusOf(b) - statusOf(a));
  const lines = worstFirst.flatMap(({ budget, stats }) => {
    const text = headlineText(stats.headline);
    if (text === undefined || stats.headline === undefined) return [];
    return [`${budget.budgetId}: ${paint(text, headlineStyle(stats.headline))}\n`];
  });
  return lines.length === 0 ? '' : `${lines.join('')}\n`;
}
