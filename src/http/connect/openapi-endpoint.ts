import { PERMISSIONS } from '../../access/permissions.js';
import { openApiDocument } from '../../gen/openapi.js';
import type { Endpoint } from '../endpoint.js';
import { Content } from '../response.js';

/** `GET /openapi.json`, as this service is: what needs no credentials here says so. */
export function openApiEndpoint(hasCredentials: boolean): Endpoint {
  const document = hasCredentials ? openApiDocument : { ...openApiDocument, security: [] };
  const body = Content.text('application/json; charset=utf-8', `${JSON.stringify(document)}\n`);
  return {
    path: '/openapi.json',
    methods: ['GET'],
    access: PERMISSIONS.openApi,
    answer: () => ({ status: 200, body }),
  };
}
