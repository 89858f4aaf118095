import { PERMISSIONS } from '../../access/permissions.js';
import type { Endpoint } from '../endpoint.js';
import { Content } from '../response.js';

/** `GET /openapi.json`, as this service is: what needs no credentials here says so. */
export function openApiEndpoint(hasCredentials: boolean): Endpoint {
  let body: Promise<Content> | undefined;
  return {
    path: '/openapi.json',
    methods: ['GET'],
    access: PERMISSIONS.openApi,
    answer: async () => {
      body ??= contentOf(hasCredentials);
      return { status: 200, body: await body };
    },
  };
}

/** It is large, and few ask for it. */
async function contentOf(hasCredentials: boolean): Promise<Content> {
  const { openApiDocument } = await import('../../gen/openapi.js');
  const document = hasCredentials ? openApiDocument : { ...openApiDocument, security: [] };
  return Content.text('application/json; charset=utf-8', `${JSON.stringify(document)}\n`);
}
