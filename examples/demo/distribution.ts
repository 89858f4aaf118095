/** The parts of `GET /api/token-usage/distribution` that the demo reads. */
export interface Distribution {
  readonly monthly_distribution: {
    readonly total_tokens: number;
    readonly daily_usage_data: readonly { readonly date: string; readonly tokens: number }[];
  };
  readonly daily_distribution: {
    readonly total_tokens: number;
    readonly hourly_usage_data: readonly { readonly hour: string; readonly tokens: number }[];
  };
  readonly rate_limiting_status: { readonly active_requests: number };
  readonly by_ai: readonly { readonly ai_id: string; readonly tokens: number }[];
  readonly by_model: readonly { readonly model: string; readonly tokens: number }[];
  readonly presumed_tokens: number;
  readonly late_tokens: number;
  readonly time_zone: string;
}

export async function readDistribution(httpAddress: string, budgetId: string): Promise<Distribution> {
  const answer = await fetch(`http://${httpAddress}/api/token-usage/distribution?budget_id=${budgetId}`);
  if (!answer.ok)
    throw new Error(`the distribution was answered with ${answer.status}: ${await answer.text()}`);
  const body = (await answer.json()) as { distribution_stats: Distribution };
  return body.distribution_stats;
}

export function sum(rows: readonly { readonly tokens: number }[]): number {
  return rows.reduce((total, { tokens }) => total + tokens, 0);
}
