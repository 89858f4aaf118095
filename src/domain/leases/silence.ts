/** Which slot is stuck: the one whose AI has been silent longest. A heartbeat renews a lease, and says nothing of the work. */

export interface HeardLease {
  readonly grantedAt: number;
  /** When usage of it was last reported. */
  readonly reportedAt?: number | undefined;
}

/** When the AI of a lease was last heard of: at its last report, or at the grant. */
export function heardAt({ reportedAt, grantedAt }: HeardLease): number {
  return reportedAt ?? grantedAt;
}

/** For a list of live leases: the one that has been silent longest first. */
export function silentFirst(a: HeardLease, b: HeardLease): number {
  return heardAt(a) - heardAt(b);
}
