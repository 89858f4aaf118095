/** A request as the vendors' SDKs keep it before it is sent. */
export interface SdkRequest {
  readonly method?: string;
  readonly path?: string;
  body?: unknown;
  readonly signal?: AbortSignal | null;
}

/** Where tokens are spent. Whatever else a vendor has (files, models, counting) is asked without a slot. */
const SPENDING = /\/(chat\/completions|completions|responses|embeddings|messages)$/;
/** Where the clouds of others have the same, by names of their own. */
const IN_CLOUDS = /\/model\/[^/]+\/(invoke|converse)|:(streamR|r)awPredict$/;

export function spends({ method, path }: SdkRequest): boolean {
  return method?.toLowerCase() === 'post' && path !== undefined && SPENDING.test(withoutQuery(path));
}

/** Whether it is this request that goes out, and not one for a token on its behalf. */
export function isSentTo(url: string, { path = '' }: SdkRequest): boolean {
  const plain = withoutQuery(url);
  return plain.endsWith(withoutQuery(path)) || IN_CLOUDS.test(plain);
}

export function bodyOf({ body }: SdkRequest): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

const asked = new WeakSet<object>();

/**
 * OpenAI's chat completions say what a stream cost only if they are asked to. True if the caller did not ask: then the event that says it,
 * which has no choices, is not for the caller.
 */
export function askForUsage(request: SdkRequest): boolean {
  const body = bodyOf(request);
  if (body['stream'] !== true || !/\/(chat\/)?completions$/.test(withoutQuery(request.path ?? '')))
    return false;
  if (asked.has(body)) return true;
  const { stream_options: options } = body as { stream_options?: { include_usage?: boolean } };
  if (options?.include_usage !== undefined) return false;
  const more = { ...body, stream_options: { ...options, include_usage: true } };
  asked.add(more);
  request.body = more;
  return true;
}

function withoutQuery(path: string): string {
  return path.replace(/[?#].*$/, '');
}
