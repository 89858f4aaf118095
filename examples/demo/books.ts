import type { Scene } from './scene.js';

interface Distribution {
  readonly distribution_stats: {
    readonly monthly_distribution: {
      readonly total_tokens: number;
      readonly daily_usage_data: readonly { readonly tokens: number }[];
    };
    readonly daily_distribution: {
      readonly total_tokens: number;
      readonly hourly_usage_data: readonly { readonly tokens: number }[];
    };
    readonly rate_limiting_status: { readonly active_requests: number };
    readonly by_ai: readonly { readonly ai_id: string; readonly tokens: number }[];
    readonly presumed_tokens: number;
  };
}

export async function readDistribution(http: string, budgetId: string): Promise<Distribution> {
  const answer = await fetch(`http://${http}/api/token-usage/distribution?budget_id=${budgetId}`);
  return (await answer.json()) as Distribution;
}

/** What the AIs say they were charged against what the service says it booked: each line a figure, and whether it agrees. */
export function balance(
  scene: Scene,
  { distribution_stats: stats }: Distribution,
): { lines: string[]; balanced: boolean } {
  const reported = sum([...scene.charged.values()]);
  const month = stats.monthly_distribution.total_tokens;
  const checks: readonly (readonly [string, number, number])[] = [
    ['charged to the AIs + presumed of the dead one = month', reported + stats.presumed_tokens, month],
    ['sum of the AIs = month', sum(stats.by_ai.map(({ tokens }) => tokens)), month],
    [
      'sum of the days = month',
      sum(stats.monthly_distribution.daily_usage_data.map(({ tokens }) => tokens)),
      month,
    ],
    [
      'sum of the hours = day',
      sum(stats.daily_distribution.hourly_usage_data.map(({ tokens }) => tokens)),
      stats.daily_distribution.total_tokens,
    ],
    ['live leases', stats.rate_limiting_status.active_requests, 0],
    ['repeated reports that were booked twice', scene.wrongRepeats, 0],
  ];
  const lines = checks.map(([what, is, should]) => {
    const agrees = is === should ? 'yes' : `NO, it should be ${should.toLocaleString('en-US')}`;
    return `  ${what.padEnd(56)} ${is.toLocaleString('en-US').padStart(10)}   ${agrees}`;
  });
  return { lines, balanced: checks.every(([, is, should]) => is === should) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
