import { createHash } from 'node:crypto';
import type { ImageName } from './image-name.js';

/** The part of the OCI distribution API that says what a tag stands for now. */

const INDEXES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
/** The registry does not have what was asked for, or does not answer: said in one line. */
export class RegistryError extends Error {}

const ANSWER_MS = 30_000;

interface Platform {
  readonly os?: string;
  readonly architecture?: string;
}

/** The digest of the image for all machines. Fails if it has none of these platforms, such as `linux/arm64`. */
export async function digestOf(
  { repository, tag, text }: ImageName,
  host: string,
  platforms: readonly string[],
): Promise<string> {
  const url = `${schemeFor(host)}://${host}/v2/${repository}/manifests/${tag}`;
  const body = await manifest(url);
  const { manifests } = JSON.parse(body.toString()) as { manifests?: readonly { platform?: Platform }[] };
  const there = (manifests ?? []).map(({ platform }) => `${platform?.os}/${platform?.architecture}`);
  const missing = platforms.filter((platform) => !there.includes(platform));
  if (missing.length > 0) throw new RegistryError(`${text} has no ${missing.join(' and no ')}`);
  return digest(body);
}

/** A machine's own registry may go without TLS, as for everybody who builds images. */
function schemeFor(host: string): string {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:|$)/.test(host) ? 'http' : 'https';
}

async function manifest(url: string): Promise<Buffer> {
  const first = await asked(url);
  const answer = first.status === 401 ? await asked(url, await anonymousToken(first)) : first;
  if (answer.status !== 200) throw new RegistryError(`${url} answered ${answer.status}`);
  const type = answer.headers.get('content-type') ?? '';
  if (!INDEXES.includes(type))
    throw new RegistryError(`${url} is not an image for several machines, but ${type}`);
  const body = Buffer.from(await answer.arrayBuffer());
  const told = answer.headers.get('docker-content-digest');
  if (told !== null && told !== digest(body)) throw new RegistryError(`${url} is not what its digest says`);
  return body;
}

async function asked(url: string, token?: string): Promise<Response> {
  const headers = { accept: INDEXES.join(', '), ...(token && { authorization: `Bearer ${token}` }) };
  try {
    return await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_MS) });
  } catch (error) {
    const { cause, message } = error as Error;
    throw new RegistryError(`${url} does not answer: ${(cause as Error | undefined)?.message ?? message}`);
  }
}

/** Registries give one to everybody, for what everybody may read. */
async function anonymousToken(refusal: Response): Promise<string | undefined> {
  const challenge = refusal.headers.get('www-authenticate') ?? '';
  const fields = new Map(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
  );
  const realm = fields.get('realm');
  if (!/^bearer /i.test(challenge) || realm === undefined || !URL.canParse(realm)) return undefined;
  const url = new URL(realm);
  for (const key of ['service', 'scope']) {
    const value = fields.get(key);
    if (value !== undefined) url.searchParams.set(key, value);
  }
  const answer = await asked(url.href);
  if (answer.status !== 200) return undefined;
  const { token, access_token: other } = (await answer.json()) as { token?: string; access_token?: string };
  return token ?? other;
}

const digest = (body: Buffer): string => `sha256:${createHash('sha256').update(body).digest('hex')}`;
