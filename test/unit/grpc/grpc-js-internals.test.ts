import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import {
  CHECKED_FOR,
  credentialsBy,
  http2ServersOf,
  streamBeneath,
  takeOver,
  takeOverReading,
} from '../../../src/grpc/grpc-js-internals.js';
import { RawClient } from '../../grpc/support/raw-client.js';

const same = (bytes: Buffer) => bytes;
const TALK = {
  path: '/test.Test/Talk',
  requestStream: true,
  responseStream: true,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
} as const;
const ASK = { ...TALK, path: '/test.Test/Ask', requestStream: false, responseStream: false } as const;
const SERVICE: ServiceDefinition = { talk: TALK };

describe('grpc-js', () => {
  let server = new Server();

  afterEach(() => {
    server.forceShutdown();
    server = new Server();
  });

  const listen = () =>
    new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });

  it('is the release whose sources were read', () => {
    const entry = createRequire(import.meta.url).resolve('@grpc/grpc-js');
    const { version } = JSON.parse(readFileSync(join(dirname(entry), '../../package.json'), 'utf8'));
    expect(version, 'read src/grpc/grpc-js-internals.ts beside its sources, then raise CHECKED_FOR').toBe(
      CHECKED_FOR,
    );
  });

  it('shows the HTTP/2 servers of a server that listens, and none before', async () => {
    expect(() => http2ServersOf(server)).toThrow('hides its HTTP/2 servers');
    await listen();
    const found = http2ServersOf(server);
    expect(found).toHaveLength(1);
    expect(found[0]?.listening).toBe(true);
  });

  it('shows the stream beneath a call, on which frames can be written', async () => {
    server.addService(SERVICE, {
      talk: (call: Parameters<typeof streamBeneath>[0]) => {
        const stream = streamBeneath(call);
        call.sendMetadata(new Metadata());
        stream.write(Buffer.from([0, 0, 0, 0, 2, 104, 105]));
        call.on('end', () => call.end());
      },
    });
    const port = await listen();
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const call = client.makeBidiStreamRequest(TALK.path, same, same);
    const message = await new Promise<Buffer>((resolve, reject) => {
      call.once('data', resolve);
      call.once('error', reject);
    });
    call.end();
    expect(message.toString()).toBe('hi');
    client.close();
  });

  it('has read nothing of a call whose reading is taken over, and reads nothing of it', async () => {
    const chunks: Buffer[] = [];
    server.addService(SERVICE, {
      talk: (call: Parameters<typeof takeOverReading>[0]) => {
        const stream = takeOverReading(call);
        call.on('data', () => chunks.push(Buffer.from('by grpc-js')));
        stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream?.on('end', () => call.end());
        stream?.resume();
      },
    });
    const client = await RawClient.connect(await listen());
    expect(await client.call(TALK.path, Buffer.from('hi'))).toMatchObject({ grpcStatus: 0 });
    expect(Buffer.concat(chunks)).toEqual(Buffer.from([0, 0, 0, 0, 2, 104, 105]));
    await client.close();
  });

  it('leaves a unary call that was taken over alone when its deadline passes', async () => {
    let seen = (_call: Parameters<typeof takeOver>[0]): void => {};
    const asked = new Promise<Parameters<typeof takeOver>[0]>((resolve) => {
      seen = resolve;
    });
    server.addService({ ask: ASK }, { ask: seen });
    const client = await RawClient.connect(await listen());
    const ended = client.call(ASK.path, Buffer.from('hi'), { 'grpc-timeout': '50m' });
    const call = await asked;
    const stream = takeOver(call);
    stream?.respond({ ':status': 200 }, { waitForTrailers: true });
    await new Promise((resolve) => call.once('cancelled', resolve));
    stream?.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': 0 }));
    stream?.end();
    expect(await ended).toMatchObject({ grpcStatus: 0, resetCode: 0 });
    await client.close();
  });

  it('lets nobody take over a call that is answered', async () => {
    server.addService(
      { ask: ASK },
      {
        ask: (call: Parameters<typeof takeOver>[0]) => {
          takeOver(call)?.respond({ ':status': 200, 'grpc-status': 5 }, { endStream: true });
          takeOver(call)?.respond({ ':status': 200, 'grpc-status': 6 }, { endStream: true });
        },
      },
    );
    const client = await RawClient.connect(await listen());
    expect(await client.call(ASK.path, Buffer.from('hi'))).toMatchObject({ grpcStatus: 5 });
    await client.close();
  });

  it('takes no authority where no client is asked for a certificate', () => {
    const provider = {
      addCaCertificateListener: () => {},
      addIdentityCertificateListener: () => {},
      removeCaCertificateListener: () => {},
      removeIdentityCertificateListener: () => {},
    };
    expect(credentialsBy(provider, false)).toBeInstanceOf(ServerCredentials);
    expect(credentialsBy(provider, true)).toBeInstanceOf(ServerCredentials);
  });
});
