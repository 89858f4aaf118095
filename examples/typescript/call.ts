import { setTimeout as sleep } from 'node:timers/promises';
import { type CallOptions, Metadata, type ServiceError, status } from '@grpc/grpc-js';

type Unary<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => unknown;

export interface Limits {
  /** How long one try may take. */
  timeoutMs: number;
  /** No new try after this moment of `performance.now()`. */
  giveUpAtMs: number;
}

/** One try of a unary call, as a promise. */
export function call<Request, Response>(
  method: Unary<Request, Response>,
  request: Request,
  timeoutMs: number,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + timeoutMs };
    method(request, new Metadata(), options, (error, response) => {
      if (error) reject(error);
      else resolve(response);
    });
  });
}

/**
 * Repeats the call while the service is away or its answer was lost. Safe for every write of the API, because
 * the request carries ids: the same request again has one effect, and gets the same answer.
 */
export async function callWithRetries<Request, Response>(
  method: Unary<Request, Response>,
  request: Request,
  limits: Limits,
): Promise<Response> {
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 3_000)) {
    try {
      return await call(method, request, limits.timeoutMs);
    } catch (error) {
      const away = hasCode(error, status.UNAVAILABLE, status.DEADLINE_EXCEEDED);
      if (!away || performance.now() + pauseMs > limits.giveUpAtMs) throw error;
      // Jittered, so that many clients do not come back in step.
      await sleep(pauseMs * (0.5 + Math.random() / 2));
    }
  }
}

export function hasCode(error: unknown, ...codes: status[]): boolean {
  return codes.includes((error as ServiceError).code);
}
