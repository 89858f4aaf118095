import type { ErrorData, SessionData } from '../src/http/dashboard/page-data.js';

/** An answer that is an error, in the words of the service. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field?: string,
  ) {
    super(message);
  }
}

/** What the service is asked for. */
export class Api {
  session: SessionData | undefined;
  /** Called when the service no longer knows who is looking. */
  onSignedOut: () => void = () => {};

  async readSession(): Promise<SessionData> {
    this.session = await this.get<SessionData>('session');
    return this.session;
  }

  get<T>(name: string, query: Readonly<Record<string, string | undefined>> = {}): Promise<T> {
    return this.ask<T>(urlOf(name, query), {});
  }

  post<T>(name: string, body: object): Promise<T> {
    const headers = { 'content-type': 'application/json', 'x-csrf-token': this.session?.csrf ?? '' };
    return this.ask<T>(urlOf(name, {}), { method: 'POST', headers, body: JSON.stringify(body) });
  }

  private async ask<T>(url: string, init: RequestInit): Promise<T> {
    let response: Response;
    try {
      response = await fetch(url, { ...init, credentials: 'same-origin' });
    } catch {
      throw new ApiError(0, 'UNREACHABLE', 'The service does not answer.');
    }
    if (response.ok) return (await response.json()) as T;
    const told = (await response.json().catch(() => undefined)) as ErrorData | undefined;
    const {
      code = 'UNKNOWN',
      message = `The service answered ${response.status}.`,
      field,
    } = told?.error ?? {};
    if (response.status === 401 && !url.endsWith('/sign-in')) this.onSignedOut();
    throw new ApiError(response.status, code, message, field);
  }
}

export function urlOf(name: string, query: Readonly<Record<string, string | undefined>>): string {
  const set = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const text = new URLSearchParams(set).toString();
  return `/dashboard/${name}${text === '' ? '' : `?${text}`}`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
