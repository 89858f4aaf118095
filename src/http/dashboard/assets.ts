import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Endpoint, HttpCall } from '../endpoint.js';
import { Content, errorResponse, type HttpResponse } from '../response.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const PAGE = 'index.html';
const FOLDER = '/dashboard/assets/';

/** Nothing inline, nothing from elsewhere: what slips into a page by an AI's name cannot run or send anything. */
const PAGE_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
};

interface Asset {
  readonly content: Content;
  readonly packed: Content;
  readonly etag: string;
}

/** The files of the page, from memory. They hold no data, so everybody may read them. */
export function assetEndpoints(files = loadAssets()): Endpoint[] {
  const open = { methods: ['GET'], access: 'open' } as const;
  return [
    { path: '/', ...open, answer: (call) => served(files, PAGE, call) },
    { path: `${FOLDER}*`, ...open, answer: (call) => served(files, call.path.slice(FOLDER.length), call) },
  ];
}

/** From the build; where the service runs from its sources, from the last build there was. */
export function loadAssets(): ReadonlyMap<string, Asset> {
  const here = dirname(fileURLToPath(import.meta.url));
  const folder = ['../../pages/dashboard', '../../../dist/pages/dashboard']
    .map((path) => join(here, path))
    .find((path) => existsSync(join(path, PAGE)));
  if (folder === undefined) return new Map();
  const own = readdirSync(folder).map((name) => join(folder, name));
  const uplot = dirname(createRequire(import.meta.url).resolve('uplot'));
  const files = [...own, join(uplot, 'uPlot.iife.min.js'), join(uplot, 'uPlot.min.css')];
  return new Map(files.filter((file) => extname(file) in TYPES).map((file) => [basename(file), read(file)]));
}

function read(file: string): Asset {
  const bytes = readFileSync(file);
  const type = TYPES[extname(file)] ?? 'application/octet-stream';
  const etag = `"${hash('sha256', bytes, 'base64url').slice(0, 22)}"`;
  return { content: new Content(type, bytes), packed: new Content(type, gzipSync(bytes)), etag };
}

function served(files: ReadonlyMap<string, Asset>, name: string, { request }: HttpCall): HttpResponse {
  const asset = files.get(name);
  if (asset === undefined) {
    const message = files.size === 0 ? 'The dashboard is not built: npm run build' : 'There is no such file.';
    return errorResponse(404, 'NOT_FOUND', message);
  }
  const { content, packed, etag } = asset;
  const known = (request.headers['if-none-match'] ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  const packs = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  // Asked for each time, and sent only if it has changed: after an upgrade no old script meets new data.
  const headers = { ...PAGE_HEADERS, etag, 'cache-control': 'no-cache', vary: 'accept-encoding' };
  return {
    status: known.includes(etag) ? 304 : 200,
    body: packs ? packed : content,
    headers: packs ? { ...headers, 'content-encoding': 'gzip' } : headers,
  };
}
