import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

/** What every answer cost, as each vendor counts it. */
export const COUNTED = {
  chat: {
    prompt_tokens: 1_000,
    completion_tokens: 200,
    total_tokens: 1_200,
    prompt_tokens_details: { cached_tokens: 300, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 50, audio_tokens: 0 },
  },
  responses: {
    input_tokens: 1_000,
    input_tokens_details: { cached_tokens: 300, cache_write_tokens: 20 },
    output_tokens: 200,
    output_tokens_details: { reasoning_tokens: 50 },
    total_tokens: 1_200,
  },
  anthropic: {
    input_tokens: 700,
    cache_creation_input_tokens: 100,
    cache_read_input_tokens: 300,
    output_tokens: 200,
    output_tokens_details: { thinking_tokens: 60 },
    service_tier: 'standard',
  },
  embeddings: { prompt_tokens: 40, total_tokens: 40 },
} as const;

/** Tokens in all, of whichever kind. */
export const TOTALS = { chat: 1_200, responses: 1_200, anthropic: 1_300, embeddings: 40 } as const;

/**
 * How it behaves: the first part of the path. `ok` answers; `429` and `500` refuse, as does `429-once` the first time; `breaks` ends a
 * stream half way without a word, `errors` with an event that says so; `hangs` sends headers and half of it, and no more; `silent` says
 * nothing of usage.
 */
type Behaviour = 'ok' | '429' | '500' | '429-once' | 'breaks' | 'errors' | 'hangs' | 'silent';

interface Asked {
  readonly behaviour: Behaviour;
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly response: ServerResponse;
}

/** Answers as the vendors do: Anthropic messages, OpenAI chat completions, responses and embeddings; whole, and as streams. */
export class VendorServer {
  /** `POST` requests, in their order. */
  readonly asked: {
    readonly behaviour: string;
    readonly path: string;
    readonly body: Record<string, unknown>;
  }[] = [];
  private refusals = 0;

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => void this.take(request, response));
  }

  static async start(): Promise<VendorServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new VendorServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The base for an SDK whose calls meet this. */
  base(behaviour: Behaviour, version = '/v1'): string {
    return `${this.url}/${behaviour}${version}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, behaviour = '', path = ''] = /^\/([^/]+)(\/[^?]*)/.exec(request.url ?? '') ?? [];
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
    this.asked.push({ behaviour, path, body });
    this.answer({ behaviour: behaviour as Behaviour, path, body, response });
  }

  private answer(asked: Asked): void {
    const { behaviour, response } = asked;
    const isRefused = behaviour === '429-once' ? this.refusals++ % 2 === 0 : /^(429|500)$/.test(behaviour);
    if (isRefused) {
      refuse(response, behaviour === '500' ? 500 : 429);
      return;
    }
    const vendor = vendorOf(asked);
    if (asked.body['stream'] === true) void stream(asked, vendor.events);
    else json(response, 200, vendor.whole);
  }
}

interface Answered {
  readonly whole: object;
  readonly events: readonly (readonly [event: string | undefined, data: object | string])[];
}

function vendorOf({ path, body, behaviour }: Asked): Answered {
  const model = String(body['model'] ?? 'model-a');
  const isSilent = behaviour === 'silent';
  if (path.endsWith('/chat/completions')) {
    const wantsUsage =
      (body['stream_options'] as { include_usage?: boolean } | undefined)?.include_usage === true;
    return chat(model, isSilent, wantsUsage && !isSilent);
  }
  if (path.endsWith('/responses')) return responses(model, isSilent);
  if (path.endsWith('/embeddings')) {
    const data = [{ object: 'embedding', index: 0, embedding: [0.1, 0.2] }];
    return { whole: { object: 'list', model, data, usage: COUNTED.embeddings }, events: [] };
  }
  return anthropic(model, isSilent);
}

const WORDS = ['Say', ' it', ' in', ' six', ' little', ' words'];

function chat(model: string, isSilent: boolean, wantsUsage: boolean): Answered {
  const base = { id: 'chatcmpl-1', created: 1_700_000_000, model };
  const chunk = (delta: object, finish: string | null) => ({
    ...base,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    ...(wantsUsage && { usage: null }),
  });
  const message = { role: 'assistant', content: WORDS.join(''), refusal: null };
  return {
    whole: {
      ...base,
      object: 'chat.completion',
      choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
      ...(isSilent ? {} : { usage: COUNTED.chat }),
    },
    events: [
      ...WORDS.map((content) => [undefined, chunk({ role: 'assistant', content }, null)] as const),
      [undefined, chunk({}, 'stop')],
      ...(wantsUsage
        ? [
            [
              undefined,
              { ...base, object: 'chat.completion.chunk', choices: [], usage: COUNTED.chat },
            ] as const,
          ]
        : []),
      [undefined, '[DONE]'],
    ],
  };
}

function responses(model: string, isSilent: boolean): Answered {
  const part = { type: 'output_text', text: WORDS.join(''), annotations: [] };
  const item = { id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content: [part] };
  const usage = isSilent ? null : COUNTED.responses;
  const base = { id: 'resp_1', object: 'response', created_at: 1_700_000_000, model, tools: [], error: null };
  const begun = { ...base, status: 'in_progress', output: [], usage: null };
  const whole = { ...base, status: 'completed', output: [item], usage, incomplete_details: null };
  const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  const texts = WORDS.map((delta) => ['response.output_text.delta', { ...at, delta, logprobs: [] }] as const);
  const all: readonly (readonly [string, object])[] = [
    ['response.created', { response: begun }],
    [
      'response.output_item.added',
      { output_index: 0, item: { ...item, status: 'in_progress', content: [] } },
    ],
    ['response.content_part.added', { ...at, part: { ...part, text: '' } }],
    ...texts,
    ['response.output_text.done', { ...at, text: part.text, logprobs: [] }],
    ['response.content_part.done', { ...at, part }],
    ['response.output_item.done', { output_index: 0, item }],
    ['response.completed', { response: whole }],
  ];
  return { whole, events: all.map(([type, more], at) => [type, { type, sequence_number: at, ...more }]) };
}

function anthropic(model: string, isSilent: boolean): Answered {
  const { output_tokens, ...input } = COUNTED.anthropic;
  const base = { id: 'msg_1', type: 'message', role: 'assistant', model, stop_sequence: null };
  const begun = { ...base, content: [], stop_reason: null, usage: { ...input, output_tokens: 1 } };
  const texts = WORDS.map(
    (text) => ['content_block_delta', { index: 0, delta: { type: 'text_delta', text } }] as const,
  );
  const usage = isSilent ? undefined : { output_tokens };
  const all: readonly (readonly [string, object])[] = [
    ['message_start', { message: isSilent ? { ...begun, usage: undefined } : begun }],
    ['content_block_start', { index: 0, content_block: { type: 'text', text: '' } }],
    ['ping', {}],
    ...texts,
    ['content_block_stop', { index: 0 }],
    ['message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage }],
    ['message_stop', {}],
  ];
  const content = [{ type: 'text', text: WORDS.join('') }];
  return {
    whole: { ...base, content, stop_reason: 'end_turn', ...(isSilent ? {} : { usage: COUNTED.anthropic }) },
    events: all.map(([type, more]) => [type, { type, ...more }]),
  };
}

async function stream({ behaviour, response }: Asked, events: Answered['events']): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  const isCut = ['breaks', 'errors', 'hangs'].includes(behaviour);
  for (const [event, data] of isCut ? events.slice(0, Math.floor(events.length / 2)) : events) {
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    response.write(`${event === undefined ? '' : `event: ${event}\n`}data: ${text}\n\n`);
    // An event a packet, or nearly.
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  if (behaviour === 'hangs') return;
  if (behaviour === 'breaks') response.destroy();
  else if (behaviour === 'errors') {
    response.end(`event: error\ndata: ${JSON.stringify({ type: 'error', error: OVERLOADED })}\n\n`);
  } else response.end();
}

const OVERLOADED = { type: 'overloaded_error', message: 'Overloaded' };

function refuse(response: ServerResponse, status: number): void {
  const error = status === 429 ? { type: 'rate_limit_error', message: 'Slow down' } : OVERLOADED;
  json(response, status, { type: 'error', error }, { 'retry-after': '0' });
}

function json(response: ServerResponse, status: number, body: object, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

// As a process of its own, for programs in other languages: prints where it listens, and ends with its input.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await VendorServer.start();
  console.log(JSON.stringify({ url: server.url, totals: TOTALS }));
  process.stdin.on('end', () => process.exit()).resume();
}
