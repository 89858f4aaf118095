import { setTimeout as sleep } from 'node:timers/promises';
import { type CallOptions, Metadata, type ServiceError, status } from '@grpc/grpc-js';

type Method<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => unknown;

const TRIES = 5;

/** A call as a promise. Repeated while the service is away: with the same ids in it, a write has one effect. */
export async function unary<Request, Response>(
  method: Method<Request, Response>,
  request: Request,
  timeoutMs = 5_000,
): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await once(method, request, timeoutMs);
    } catch (error) {
      const { code } = error as ServiceError;
      const away = code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
      if (!away || tries === TRIES) throw error;
      await sleep(100 * tries);
    }
  }
}

function once<Request, Response>(
  method: Method<Request, Response>,
  request: Request,
  timeoutMs: number,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    method(request, new Metadata(), { deadline: Date.now() + timeoutMs }, (error, response) => {
      if (error) reject(error);
      else resolve(response);
    });
  });
}

interface DurationMessage {
  readonly seconds: number;
  readonly nanos: number;
}

export function toMs(duration: DurationMessage | undefined): number {
  return duration === undefined ? 0 : duration.seconds * 1_000 + duration.nanos / 1e6;
}

export function toDuration(ms: number): DurationMessage {
  const whole = Math.round(ms);
  return { seconds: Math.floor(whole / 1_000), nanos: (whole % 1_000) * 1e6 };
}
