import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port that was free a moment ago: a service that is started again must be where its clients look for it. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
