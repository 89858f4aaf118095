import {
  type ClientHttp2Session,
  connect,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forgetStreamsSoon, stateOf } from '../../../../src/grpc/gate/stream-table.js';
import { PassingMap } from '../../../../src/platform/passing-map.js';

let server: Http2Server;
let client: ClientHttp2Session;
let session: ServerHttp2Session;

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  server.on('session', forgetStreamsSoon);
  const begun = new Promise<ServerHttp2Session>((resolve) => server.once('session', resolve));
  await new Promise<unknown>((resolve) => server.once('listening', resolve));
  client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  session = await begun;
});

afterEach(() => {
  client.destroy();
  server.close();
});

function ask(): Promise<string> {
  const stream = client.request({ ':path': '/' });
  stream.setEncoding('utf8');
  return new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (part: string) => {
      text += part;
    });
    stream.on('end', () => resolve(text));
    stream.on('error', reject);
  });
}

describe('the streams of a connection of this Node', () => {
  it('are kept where they are forgotten soon', () => {
    expect(stateOf(session)?.streams).toBeInstanceOf(PassingMap);
  });

  it('are answered, more than the map keeps in one place, and leave it when they close', async () => {
    server.on('stream', (stream) => {
      stream.respond({ ':status': 200 });
      stream.end('answer');
    });
    for (let round = 0; round < 12; round += 1) {
      const answers = await Promise.all(Array.from({ length: 64 }, ask));
      expect(new Set(answers)).toEqual(new Set(['answer']));
    }
    expect(stateOf(session)?.streams?.size).toBe(0);
  });

  it('are all ended with their connection', async () => {
    const closed: Promise<unknown>[] = [];
    const all = new Promise<void>((resolve) => {
      server.on('stream', (stream) => {
        stream.on('error', () => {});
        closed.push(new Promise((ended) => stream.once('close', ended)));
        if (closed.length === 5) resolve();
      });
    });
    const asked = Array.from({ length: 5 }, () => ask().catch((error: Error) => error));
    await all;
    session.destroy();
    await Promise.all([...closed, ...asked]);
    expect(stateOf(session)?.streams?.size).toBe(0);
  });
});
