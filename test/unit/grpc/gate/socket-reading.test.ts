import { connect, createServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { handleOf } from '../../../../src/grpc/gate/socket-reading.js';

describe('a connection of this Node', () => {
  it('has a handle that stops and starts reading', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise<unknown>((resolve) => server.once('listening', resolve));
    const session = new Promise<ServerHttp2Session>((resolve) => server.once('session', resolve));
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const handle = handleOf(await session);
    expect(handle?.readStart).toBeTypeOf('function');
    expect(handle?.readStop).toBeTypeOf('function');
    client.destroy();
    server.close();
  });
});
