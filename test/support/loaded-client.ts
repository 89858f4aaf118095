import { fileURLToPath } from 'node:url';
import type {
  CallOptions,
  ChannelOptions,
  Client,
  ClientReadableStream,
  GrpcObject,
  ServiceClientConstructor,
} from '@grpc/grpc-js';
import { credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader';

const PROTO = fileURLToPath(new URL('../../proto', import.meta.url));

/** As a caller without code generation reads them: names as in the proto files, numbers for int64, names of enum values. */
const definition = loadSync(
  [
    'budgetarbiter/v1/budget_service.proto',
    'budgetarbiter/v1/budget_admin_service.proto',
    'google/rpc/status.proto',
    'google/rpc/error_details.proto',
  ],
  { includeDirs: [PROTO], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true },
);
const budgetarbiterV1 = (loadPackageDefinition(definition)['budgetarbiter'] as GrpcObject)['v1'] as Record<
  'BudgetService' | 'BudgetAdminService',
  ServiceClientConstructor
>;

type Answered = (error: ServiceError | null, answer: unknown) => void;
type UnaryMethod = (request: object, metadata: Metadata, options: CallOptions, answered: Answered) => void;

/** How a call is made, and the headers that it carries. */
export interface Calling extends CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
}
type StreamMethod = (request: object) => ClientReadableStream<unknown>;

/** Clients of both services, from stubs that are made of the proto files when the program runs. */
export class LoadedClients {
  readonly #budget: Client;
  readonly #admin: Client;

  /** Over TLS if an authority is given, which signed the service's certificate. */
  constructor(address: string, options: ChannelOptions = {}, authority?: Buffer) {
    const channel = authority ? credentials.createSsl(authority) : credentials.createInsecure();
    this.#budget = new budgetarbiterV1.BudgetService(address, channel, options);
    this.#admin = new budgetarbiterV1.BudgetAdminService(address, channel, options);
  }

  /** Calls a method of `BudgetService`. */
  call<Answer = unknown>(method: string, request: object, options: Calling = {}): Promise<Answer> {
    return unary(this.#budget, method, request, options);
  }

  /** Calls a method of `BudgetAdminService`. */
  admin<Answer = unknown>(method: string, request: object, options: Calling = {}): Promise<Answer> {
    return unary(this.#admin, method, request, options);
  }

  watch(budgetId: string): ClientReadableStream<unknown> {
    const method = this.#admin['WatchBudget' as keyof Client] as unknown as StreamMethod;
    return method.call(this.#admin, { budget_id: budgetId });
  }

  close(): void {
    this.#budget.close();
    this.#admin.close();
  }
}

function unary<Answer>(
  client: Client,
  name: string,
  request: object,
  { headers = {}, ...options }: Calling,
): Promise<Answer> {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
  const method = client[name as keyof Client] as unknown as UnaryMethod;
  return new Promise((resolve, reject) => {
    method.call(client, request, metadata, options, (error, answer) =>
      error ? reject(error) : resolve(answer as Answer),
    );
  });
}

export interface ErrorDetails {
  readonly code: number;
  readonly message: string;
  /** By the short name of their type, such as `ErrorInfo`. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** The rich form of the error that a call ended with. */
export async function errorOf(call: Promise<unknown>): Promise<ErrorDetails> {
  const error = await call.then(
    (answer) => Promise.reject(new Error(`answered ${JSON.stringify(answer)}`)),
    (failure: ServiceError) => failure,
  );
  const [bytes] = error.metadata?.get('grpc-status-details-bin') ?? [];
  if (!(bytes instanceof Buffer)) throw new Error(`no details: ${error.message}`);
  const status = decode<{ code: number; message: string; details: { type_url: string; value: Buffer }[] }>(
    'google.rpc.Status',
    bytes,
  );
  const details = status.details.map(({ type_url, value }) => {
    const type = type_url.slice(type_url.lastIndexOf('/') + 1);
    return [type.slice(type.lastIndexOf('.') + 1), decode(type, value)] as const;
  });
  return { code: status.code, message: status.message, details: Object.fromEntries(details) };
}

function decode<Message>(type: string, bytes: Buffer): Message {
  return (definition[type] as MessageTypeDefinition<object, object>).deserialize(bytes) as Message;
}
