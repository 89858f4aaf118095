import { Client, type ClientOptions, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { type Failed, failed } from '../grpc/support/harness.js';

/** What any method, streaming or not, came to: its first answer, or its error. */
export type Came = 'answered' | Failed;

const asIs = (bytes: Buffer): Buffer => bytes;

export interface Shown {
  readonly token?: string;
  readonly authorization?: string;
}

export function metadataOf({ token, authorization }: Shown): Metadata {
  const metadata = new Metadata();
  const header = authorization ?? (token === undefined ? undefined : `Bearer ${token}`);
  if (header !== undefined) metadata.set('authorization', header);
  return metadata;
}

/** Calls a method with bytes, and leaves after its first answer. */
export function callAny(client: Client, path: string, bytes: Uint8Array, shown: Shown = {}): Promise<Came> {
  return new Promise((resolve) => {
    const call = client.makeServerStreamRequest(path, asIs, asIs, Buffer.from(bytes), metadataOf(shown), {
      deadline: Date.now() + 15_000,
    });
    call.on('data', () => {
      resolve('answered');
      call.cancel();
    });
    call.on('error', (error: ServiceError) => resolve(failed(error)));
  });
}

export function plainClient(port: number, options: ClientOptions = {}): Client {
  return new Client(`127.0.0.1:${port}`, credentials.createInsecure(), options);
}
