import { afterEach, describe, expect, it } from 'vitest';
import { StartError } from '../../src/platform/start-error.js';
import {
  createServer as create,
  DISTRIBUTION,
  startServer as start,
  stopServers,
} from '../support/http-server.js';
import { EXAMPLE_STATS } from '../support/samples.js';

afterEach(stopServers);

describe('start and stop', () => {
  it('names the address and the variable when the port is in use', async () => {
    const { port } = await start();
    const second = create({ port }).server.start();
    await expect(second).rejects.toBeInstanceOf(StartError);
    await expect(second).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(
        new RegExp(`^HTTP_ADDRESS: cannot listen on 127.0.0.1:${port}: another process uses it\\. .*$`),
      ),
    });
  });

  it('lets a request under way be answered, and takes no new one', async () => {
    let release = () => {};
    let arrived = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const waiting = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const { server, url } = await start({
      getDistribution: async () => {
        arrived();
        await held;
        return { stats: EXAMPLE_STATS };
      },
    });
    const answer = fetch(url + DISTRIBUTION);
    await waiting;
    const stopped = server.stop(10_000);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    release();
    expect((await answer).status).toBe(200);
    expect((await answer).headers.get('connection')).toBe('close');
    await stopped;
  });

  it('cuts off what takes too long', async () => {
    let arrived = () => {};
    const waiting = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const { server, url } = await start({
      getDistribution: () => {
        arrived();
        return new Promise(() => {});
      },
    });
    const answer = fetch(url + DISTRIBUTION).catch((error: Error) => error);
    await waiting;
    await server.stop(20);
    expect(await answer).toBeInstanceOf(Error);
  });

  it('can be stopped twice, and before it was started', async () => {
    const { server } = create();
    await server.stop(0);
    await server.start();
    await Promise.all([server.stop(0), server.stop(0)]);
  });
});
