import { expect, it } from 'vitest';
import { SseEvents } from '../src/wrap/sse-events.js';
import { StreamUsage } from '../src/wrap/stream-usage.js';

const bytes = (text: string) => new TextEncoder().encode(text);

it.each([1, 2, 3, 7, 1_000])('takes events apart, cut to pieces of %i bytes', (size) => {
  const text =
    'event: a\r\ndata: {"n":1}\r\n\r\n: ping\n\ndata: {"t":"ä€🙂",\ndata: "n":2}\n\ndata: [DONE]\n\ndata: {"n":3}';
  const all = bytes(text);
  const events = new SseEvents();
  const found = [];
  for (let at = 0; at < all.length; at += size) found.push(...events.take(all.subarray(at, at + size)));
  found.push(...events.last());
  expect(found.map(({ json, isDone }) => (isDone ? 'done' : json))).toEqual([
    { n: 1 },
    undefined,
    { t: 'ä€🙂', n: 2 },
    'done',
    { n: 3 },
  ]);
  expect(found.map((event) => event.text).join('')).toBe(text);
});

const told = (...events: object[]): StreamUsage => {
  const usage = new StreamUsage();
  for (const json of events) usage.take({ text: '', json, isDone: false });
  return usage;
};
const START = {
  type: 'message_start',
  message: { model: 'claude-x', usage: { input_tokens: 9, output_tokens: 1 } },
};
const DELTA = {
  type: 'message_delta',
  delta: { stop_reason: 'end_turn' },
  usage: { input_tokens: null, output_tokens: 5 },
};

it.each([
  ['nothing yet', told({ type: 'ping' }), { said: undefined, isFinal: false, isDone: false }],
  ['Anthropic, begun', told(START), { said: { input: 9, output: 1 }, isFinal: false, model: 'claude-x' }],
  [
    'Anthropic, all said',
    told(START, DELTA),
    { said: { input: 9, output: 5 }, isFinal: true, isDone: false },
  ],
  ['Anthropic, done', told(START, DELTA, { type: 'message_stop' }), { isFinal: true, isDone: true }],
  [
    'OpenAI, before the end',
    told({ choices: [{}], usage: null, model: 'gpt-x' }),
    { isFinal: false, model: 'gpt-x' },
  ],
  [
    'OpenAI, at the end',
    told({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } }),
    { said: { input: 3, output: 2 }, isFinal: true },
  ],
  [
    'an error',
    told(START, { type: 'error', error: { message: 'Overloaded' } }),
    { failure: 'Overloaded', isFinal: false },
  ],
])('%s', (_, usage, expected) => {
  expect({ ...usage, said: usage.said }).toMatchObject(expected);
});
