/** What a driver of load saw. */
export interface Load {
  readonly calls: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
  /** What one of the errors said. */
  readonly lastError?: string;
  /** Calls of the caller that got fewest, as a share of the mean. */
  readonly leastShare?: number;
}
