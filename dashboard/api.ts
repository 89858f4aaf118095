import type { SessionData } from '../src/http/dashboard/page-data.js';

/** A field that is wrong, and what would be right. */
export interface Violation {
  readonly field: string;
  readonly description: string;
}

/** An answer that is an error, in the words of the API. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** A name of `ErrorReason`, without its prefix; absent where there is none. */
    readonly reason: string | undefined,
    message: string,
    readonly violations: readonly Violation[] = [],
  ) {
    super(message);
  }
}

/** An error as every answer has it; `debug` is a detail of `google.rpc` in JSON. `error`: from the server itself, which is busy. */
interface ErrorJson {
  readonly error?: { readonly message: string };
  readonly message?: string;
  readonly details?: readonly {
    readonly type: string;
    readonly debug?: { readonly reason?: string; readonly fieldViolations?: readonly Violation[] };
  }[];
}

const ADMIN_SERVICE = '/budgetarbiter.v1.BudgetAdminService/';
const BUDGET_SERVICE = '/budgetarbiter.v1.BudgetService/';

/** What the service is asked for: by the methods of its API, and for what the page alone reads. */
export class Api {
  session: SessionData | undefined;
  /** Called when the service no longer knows who is looking. */
  onSignedOut: () => void = () => {};

  async readSession(): Promise<SessionData> {
    this.session = await this.get<SessionData>('session');
    return this.session;
  }

  /** A method of `BudgetAdminService`, in the JSON of the Connect protocol. */
  call<T>(method: string, request: object): Promise<T> {
    return this.send<T>(ADMIN_SERVICE + method, request);
  }

  /** A method of `BudgetService`. */
  callForAi<T>(method: string, request: object): Promise<T> {
    return this.send<T>(BUDGET_SERVICE + method, request);
  }

  get<T>(name: string, query: Readonly<Record<string, string | undefined>> = {}): Promise<T> {
    return this.ask<T>(urlOf(name, query), {});
  }

  post<T>(name: string, body: object): Promise<T> {
    return this.send<T>(urlOf(name, {}), body);
  }

  private send<T>(url: string, body: object): Promise<T> {
    const headers = { 'content-type': 'application/json', 'x-csrf-token': this.session?.csrf ?? '' };
    return this.ask<T>(url, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  private async ask<T>(url: string, init: RequestInit): Promise<T> {
    let response: Response;
    try {
      response = await fetch(url, { ...init, credentials: 'same-origin' });
    } catch {
      throw new ApiError(0, undefined, 'The service does not answer.');
    }
    if (response.ok) return (await response.json()) as T;
    const told = (await response.json().catch(() => ({}))) as ErrorJson;
    if (response.status === 401 && !url.endsWith('/sign-in')) this.onSignedOut();
    throw errorOf(response.status, told);
  }
}

function errorOf(status: number, { error, details = [], ...told }: ErrorJson) {
  const message = told.message ?? error?.message ?? `The service answered ${status}.`;
  const debug = (type: string) => details.find((detail) => detail.type === `google.rpc.${type}`)?.debug;
  return new ApiError(status, debug('ErrorInfo')?.reason, message, debug('BadRequest')?.fieldViolations);
}

export function urlOf(name: string, query: Readonly<Record<string, string | undefined>>): string {
  const set = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const text = new URLSearchParams(set).toString();
  return `/dashboard/${name}${text === '' ? '' : `?${text}`}`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
