import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { imageName } from '../../scripts/pin-base/image-name.js';

describe('the name of an image', () => {
  it.each([
    ['node:24-slim', { repository: 'library/node', tag: '24-slim' }],
    ['node', { repository: 'library/node', tag: 'latest' }],
    ['team/node:24', { repository: 'team/node', tag: '24' }],
    [
      'mirror.example/library/node:24-slim',
      { host: 'mirror.example', repository: 'library/node', tag: '24-slim' },
    ],
    ['localhost:5000/node:24', { host: 'localhost:5000', repository: 'node', tag: '24' }],
    ['mirror.example:5000/node', { host: 'mirror.example:5000', repository: 'node', tag: 'latest' }],
  ])('%s', (text, parts) => {
    expect(imageName(text)).toEqual({ ...parts, text });
  });

  it('is pinned anew, if it is pinned', () => {
    expect(imageName('node:24-slim@sha256:00')).toMatchObject({ tag: '24-slim', text: 'node:24-slim' });
  });

  it.each(['', 'Node:24', 'node:24 slim', 'mirror.example/', '../node'])('is not %j', (text) => {
    expect(imageName(text)).toBeUndefined();
  });
});

/** What a registry answers about a tag. */
interface Tag {
  readonly body: string;
  readonly type: string;
  readonly digest?: string;
}
const index = (...architectures: string[]): Tag => ({
  type: 'application/vnd.oci.image.index.v1+json',
  body: JSON.stringify({
    schemaVersion: 2,
    manifests: architectures.map((architecture) => ({ platform: { os: 'linux', architecture } })),
  }),
});
const digestOf = (body: string) => `sha256:${createHash('sha256').update(body).digest('hex')}`;

describe('npm run pin:base', () => {
  let registry: Server;
  let host: string;
  let tag: Tag | undefined;
  let asksForToken: boolean;
  beforeEach(async () => {
    [tag, asksForToken] = [index('amd64', 'arm64'), false];
    registry = createServer(({ url = '', headers }, response) => {
      if (url.startsWith('/token?service=s&scope=')) return response.end('{"token":"anybody"}');
      if (asksForToken && headers.authorization !== 'Bearer anybody') {
        const challenge = `Bearer realm="http://${host}/token",service="s",scope="repository:library/node:pull"`;
        return response.writeHead(401, { 'www-authenticate': challenge }).end();
      }
      if (url !== '/v2/library/node/manifests/24-slim' || tag === undefined)
        return response.writeHead(404).end();
      const told = tag.digest === undefined ? {} : { 'docker-content-digest': tag.digest };
      return response.writeHead(200, { 'content-type': tag.type, ...told }).end(tag.body);
    });
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
    host = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    await new Promise((resolve) => registry.close(resolve));
  });

  const pin = async (...args: string[]) => {
    const env = { PATH: process.env['PATH'] };
    const command = ['--import', 'tsx', 'scripts/pin-base/main.ts', ...args];
    try {
      const { stdout } = await promisify(execFile)(process.execPath, command, { env });
      return { code: 0, stdout, stderr: '' };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, stdout, stderr };
    }
  };

  it('prints the base of the Dockerfile with the digest of its index', async () => {
    const stdout = `node:24-slim@${digestOf(tag?.body ?? '')}\n`;
    expect(await pin('--registry', host)).toEqual({ code: 0, stdout, stderr: '' });
  });

  it('shows a token where the registry gives one to everybody', async () => {
    asksForToken = true;
    expect(await pin('--registry', host)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('@sha256:'),
    });
  });

  it('asks the registry that the name says', async () => {
    const { stdout } = await pin('--image', `${host}/library/node:24-slim`);
    expect(stdout).toBe(`${host}/library/node:24-slim@${digestOf(tag?.body ?? '')}\n`);
  });

  it.each([
    ['a base that one kind of machine lacks', index('amd64'), 'has no linux/arm64'],
    [
      'a base for one machine alone',
      { ...index(), type: 'application/vnd.oci.image.manifest.v1+json' },
      'several machines',
    ],
    ['what is not what its digest says', { ...index('amd64', 'arm64'), digest: digestOf('x') }, 'its digest'],
    ['a tag that is not there', undefined, 'answered 404'],
  ] as const)('refuses %s', async (_what, answered, why) => {
    tag = answered;
    const { code, stdout, stderr } = await pin('--registry', host);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^[^\\n]*${why}[^\\n]*\\n$`));
  });

  it.each([
    ['a name without a registry', [], 'BASE_REGISTRY'],
    ['what is no name', ['--image', 'a b'], 'not the name of an image'],
  ])('takes %s for a wrong use', async (_what, args, why) => {
    expect(await pin(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(why) });
  });
});
