import { type ClientHttp2Session, connect } from 'node:http2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Service, startService } from '../support/service.js';
import { untilTrue } from './support/until.js';

const WITHIN_MS = 10_000;

describe('a client that never lets go of a service that gets SIGTERM', () => {
  let service: Service;
  let client: ClientHttp2Session;
  beforeEach(async () => {
    service = await startService();
    client = await clingingClient(service.grpcAddress);
  });
  afterEach(() => client?.destroy());

  it('is cut off in time', async () => {
    const since = performance.now();
    expect(await service.stop()).toBe(0);
    expect(performance.now() - since).toBeLessThan(WITHIN_MS);
  });

  it('is cut off at once at a second signal', async () => {
    const exitCode = service.stop();
    await untilTrue('it stops', () => service.logs.some(({ signal }) => signal === 'SIGTERM'));
    const since = performance.now();
    process.kill(service.pid, 'SIGTERM');
    expect(await exitCode).toBe(1);
    expect(performance.now() - since).toBeLessThan(2_000);
  });
});

/** Begins a call that it never ends, and takes no notice when the server says goodbye. */
function clingingClient(address: string): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://${address}`);
    session.on('error', () => {});
    session.once('remoteSettings', () => {
      const call = session.request({
        ':method': 'POST',
        ':path': '/budgetarbiter.v1.BudgetService/GetAvailability',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      call.on('error', () => {});
      // Some of a message, so that the server has begun to read.
      call.write(Buffer.of(0, 0, 0, 0, 9), () => resolve(session));
    });
    session.once('error', reject);
  });
}
