/** Whom the server tells how its calls end: metrics. Called on the way of every call, so it must neither throw nor wait. */
export interface RpcObserver {
  /** By the path of a method, such as `/budgetarbiter.v1.BudgetService/AcquireSlot`. Asked once for each way in. */
  method(path: string): MethodObserver;
  /** A call was refused before anything was computed for it: too many were under way. */
  refused(): void;
}

export interface MethodObserver {
  /** A call begins; what is returned is handed back at its end. */
  begin(): number;
  end(begunAt: number, code: number): void;
}

const UNOBSERVED_METHOD: MethodObserver = { begin: () => 0, end: () => {} };

export const UNOBSERVED_CALLS: RpcObserver = { method: () => UNOBSERVED_METHOD, refused: () => {} };

/** Whom the server tells how its requests end: metrics. */
export interface HttpObserver {
  /** `path`: that of the endpoint, or empty if there is none, so that nobody can make up names. */
  ended(path: string, status: number, ms: number): void;
  monotonic(): number;
}
