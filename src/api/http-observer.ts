/** Whom the server tells how its requests end: metrics. */
export interface HttpObserver {
  /** `path`: that of the endpoint, or empty if there is none, so that nobody can make up names. */
  ended(path: string, status: number, ms: number): void;
  monotonic(): number;
}
