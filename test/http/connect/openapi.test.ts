import { afterEach, describe, expect, it } from 'vitest';
import { openApiOf } from '../../../scripts/openapi/document.js';
import { openApiDocument } from '../../../src/gen/openapi.js';
import { rpcEndpoints } from '../../../src/http/connect/endpoints.js';
import { accessFor, ai } from '../../support/access.js';
import { stopServers } from '../../support/http-server.js';
import { startConnect } from './support/connect-harness.js';

afterEach(stopServers);

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
  readonly security: readonly object[];
}

describe('GET /openapi.json', () => {
  it('is what the descriptors give', () => {
    expect(openApiDocument).toEqual(openApiOf());
  });

  it('describes everything that the API serves over HTTP', async () => {
    const { json } = await startConnect().then((http) => http.get('/openapi.json'));
    const described = Object.entries((json as unknown as Document).paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const served = rpcEndpoints({} as never)
      .filter(({ path }) => path !== '/openapi.json' && !path.endsWith('/*'))
      .flatMap(({ methods, path }) => methods.map((method) => `${method} ${path}`));
    const others = [
      'GET /api/token-usage/distribution',
      'GET /api/token-usage/export',
      'GET /healthz',
      'GET /readyz',
    ];
    expect(described.sort()).toEqual([...served, ...others].sort());
  });

  it('refers to nothing that is not there', () => {
    const text = JSON.stringify(openApiDocument);
    const { schemas } = (openApiDocument as unknown as Document).components;
    for (const [, name = ''] of text.matchAll(/#\/components\/schemas\/(\w+)/g))
      expect(schemas).toHaveProperty(name);
  });

  it('asks for credentials where there are some, and shows itself to everybody who has them', async () => {
    const { access } = accessFor({ tokens: { ai: [ai('anthropic', 'guardian')] } });
    const [open, closed] = await Promise.all([startConnect(), startConnect({ access })]);
    expect((await open.get('/openapi.json')).json).toMatchObject({ security: [] });
    expect((await closed.get('/openapi.json')).status).toBe(401);
    const { status, json } = await closed.get('/openapi.json', { authorization: 'Bearer ai' });
    expect(status).toBe(200);
    expect((json as unknown as Document).security).toHaveLength(2);
  });
});
