/** The parts of messages that these tests read, as clients without generated code get them. */

export interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

export interface Lease {
  readonly lease_id: string;
  readonly fence: number;
  readonly state: string;
  readonly ai_id: string;
  readonly reserved_tokens: number;
  readonly used_tokens: number;
  readonly presumed_tokens: number;
  readonly granted_at: Timestamp;
  readonly expires_at: Timestamp;
  readonly expires_in: unknown;
  readonly closed_at?: Timestamp;
}

export interface Blocker {
  readonly rule: string;
}

export interface AcquireAnswer {
  readonly outcome: 'granted' | 'denied';
  readonly granted?: { readonly lease: Lease; readonly replayed: boolean };
  readonly denied?: { readonly blockers: readonly Blocker[] };
}

export interface PutAnswer {
  readonly budget: { readonly etag: string };
}

export interface LeasesAnswer {
  readonly leases: readonly Lease[];
}

export interface UsageRow {
  readonly key: string;
  readonly tokens: number;
  readonly presumed_tokens: number;
  readonly late_tokens: number;
  readonly calls: number;
  readonly failed_calls: number;
}

export interface UsageAnswer {
  readonly rows: readonly UsageRow[];
  readonly next_page_token: string;
}

export interface DistributionAnswer {
  readonly distribution_stats: {
    readonly monthly_distribution: { readonly total_tokens: number };
    readonly daily_distribution: { readonly total_tokens: number };
    readonly rate_limiting_status: { readonly active_requests: number };
    readonly by_ai: readonly (NamedUsage & { readonly ai_id: string })[];
    readonly by_model: readonly (NamedUsage & { readonly model: string })[];
    readonly presumed_tokens: number;
    readonly calls: number;
    readonly failed_calls: number;
  };
}

interface NamedUsage {
  readonly tokens: number;
  readonly calls: number;
  readonly failed_calls: number;
}

export function toMs({ seconds, nanos }: Timestamp): number {
  return seconds * 1_000 + nanos / 1e6;
}
