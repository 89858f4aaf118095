import {
  type CallOptions,
  type ChannelCredentials,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { BudgetServiceClient } from '../gen/budgetarbiter/v1/budget_service.js';
import type { Address } from './addresses.js';
import { failureOf } from './call-failure.js';
import type { TokenSource } from './token.js';

type Unary<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => { cancel(): void };

/** How to reach a service, whichever of its replicas. */
export interface Access {
  readonly token: TokenSource;
  readonly channel: ChannelCredentials;
  readonly metadata: Readonly<Record<string, string>>;
}

const CHANNEL_OPTIONS = {
  // Without these a client that found the service away looks again after minutes, and one whose way to it is gone never notices.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc.keepalive_time_ms': 4_000,
  'grpc.keepalive_timeout_ms': 4_000,
};

/** One replica, and its one connection. */
export class Replica {
  readonly client: BudgetServiceClient;

  constructor(
    readonly address: Address,
    private readonly access: Access,
  ) {
    const { name, authority } = address;
    const named = authority && {
      'grpc.default_authority': authority,
      'grpc.ssl_target_name_override': authority.replace(/:\d+$/, ''),
    };
    this.client = new BudgetServiceClient(name, access.channel, { ...CHANNEL_OPTIONS, ...named });
  }

  /** For a router between: which budget a call is about, so that a budget's calls share commits. */
  metadata(budgetId: string): Metadata {
    const metadata = new Metadata();
    const token = this.access.token.read();
    if (token) metadata.set('authorization', `Bearer ${token}`);
    for (const [name, value] of Object.entries(this.access.metadata)) metadata.set(name, value);
    metadata.set('budget-id', budgetId);
    return metadata;
  }

  call<Request, Response>(
    method: (client: BudgetServiceClient) => Unary<Request, Response>,
    request: Request,
    {
      budgetId,
      timeoutMs,
      signal,
    }: { budgetId: string; timeoutMs: number; signal?: AbortSignal | undefined },
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + timeoutMs };
      const call = method(this.client).call(
        this.client,
        request,
        this.metadata(budgetId),
        options,
        (error, response) => {
          signal?.removeEventListener('abort', cancel);
          if (error) reject(failureOf(error));
          else resolve(response);
        },
      );
      const cancel = (): void => call.cancel();
      signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  close(): void {
    this.client.close();
  }
}

export function insecure(): ChannelCredentials {
  return credentials.createInsecure();
}
