/**
 * Calls of the vendors' own SDKs, as their users write them, each as an AI of its own by whose name the test finds it in the books.
 * VENDOR_URL is a server that answers as the vendors do. Prints a JSON line for each: what came of it for the caller.
 */

import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import { budgetMiddleware } from '@budget-arbiter/ai-sdk';
import { BudgetClient } from '@budget-arbiter/client';
import { BudgetCallback } from '@budget-arbiter/client/langchain';
import { ChatAnthropic } from '@langchain/anthropic';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, streamText, wrapLanguageModel } from 'ai';
import OpenAI from 'openai';

const vendor = process.env.VENDOR_URL;
const budget = BudgetClient.fromEnv();
const apiKey = 'key';
const messages = [{ role: 'user', content: 'Six words.' }];
const chat = { model: 'gpt-x', messages };
const message = { model: 'claude-x', max_tokens: 10, messages };
const response = { model: 'gpt-x', input: 'Six words.' };

/** Who has `denied` in its name asks for more than there is. */
const slots = (ai) => ({ ai, estimate: ai.includes('denied') ? 1e12 : 1_500 });
const openai = (ai, how = 'ok', options = {}) =>
  budget.wrap(new OpenAI({ apiKey, baseURL: `${vendor}/${how}/v1`, maxRetries: 0, ...options }), slots(ai));
const anthropic = (ai, how = 'ok', options = {}) =>
  budget.wrap(new Anthropic({ apiKey, baseURL: `${vendor}/${how}`, maxRetries: 0, ...options }), slots(ai));
const chain = (ai) => [new BudgetCallback(budget, slots(ai))];
const langOpenai = (ai, how = 'ok') =>
  new ChatOpenAI({
    ...{ apiKey, model: 'gpt-x', maxRetries: 0, streamUsage: true },
    configuration: { baseURL: `${vendor}/${how}/v1` },
    callbacks: chain(ai),
  });
const langAnthropic = (ai, how = 'ok') =>
  new ChatAnthropic({
    ...{ apiKey, model: 'claude-x', maxRetries: 0 },
    anthropicApiUrl: `${vendor}/${how}`,
    callbacks: chain(ai),
  });
const vercel = (ai, model) => wrapLanguageModel({ model, middleware: budgetMiddleware(budget, slots(ai)) });
const vercelOpenai = (ai, how = 'ok') =>
  vercel(ai, createOpenAI({ apiKey, baseURL: `${vendor}/${how}/v1` }).responses('gpt-x'));
const vercelChat = (ai, how = 'ok') =>
  vercel(ai, createOpenAI({ apiKey, baseURL: `${vendor}/${how}/v1` }).chat('gpt-x'));
const vercelAnthropic = (ai, how = 'ok') =>
  vercel(ai, createAnthropic({ apiKey, baseURL: `${vendor}/${how}/v1` })('claude-x'));
const asked = (model) => ({ model, prompt: 'Six words.', maxRetries: 0 });

/** All of a stream, or so many of its parts. */
async function read(stream, most = Number.POSITIVE_INFINITY) {
  let parts = 0;
  for await (const part of await stream) {
    if (part.choices?.length === 0) throw new Error('an event that nobody asked for');
    parts += 1;
    if (parts >= most) break;
  }
  return parts;
}
const streamed = async (model) => {
  const parts = [];
  const { textStream } = streamText({ ...asked(model), onError: ({ error }) => parts.push(error) });
  for await (const text of textStream) parts.push(text);
  const error = parts.find((part) => typeof part !== 'string');
  if (error) throw error;
  return parts.join('');
};

const CALLS = {
  'openai-chat': async (ai) => (await openai(ai).chat.completions.create(chat)).choices[0].message.content,
  'openai-chat-stream': (ai) => read(openai(ai).chat.completions.create({ ...chat, stream: true })),
  'openai-chat-helper': async (ai) => (await openai(ai).chat.completions.stream(chat).finalMessage()).content,
  'openai-chat-parsed': async (ai) =>
    (await openai(ai).chat.completions.parse(chat)).choices[0].message.content,
  'openai-chat-raw': async (ai) =>
    (await openai(ai).chat.completions.create(chat).withResponse()).response.status,
  'openai-responses': async (ai) => (await openai(ai).responses.create(response)).output_text,
  'openai-responses-stream': (ai) => read(openai(ai).responses.create({ ...response, stream: true })),
  'openai-embeddings': async (ai) =>
    (await openai(ai).embeddings.create({ model: 'e', input: 'x' })).data.length,
  'openai-429': (ai) => openai(ai, '429').chat.completions.create(chat),
  'openai-500': (ai) => openai(ai, '500').responses.create(response),
  'openai-429-retried': async (ai) =>
    (await openai(ai, '429-once', { maxRetries: 2 }).chat.completions.create(chat)).choices.length,
  'openai-unreached': (ai) =>
    openai(ai, 'ok', { baseURL: 'http://127.0.0.1:1/v1' }).chat.completions.create(chat),
  'openai-denied': (ai) => openai(ai).chat.completions.create(chat),
  'openai-breaks': (ai) => read(openai(ai, 'breaks').chat.completions.create({ ...chat, stream: true })),
  'openai-left': (ai) => read(openai(ai).chat.completions.create({ ...chat, stream: true }), 2),
  'openai-silent': async (ai) =>
    (await openai(ai, 'silent').chat.completions.create(chat)).choices[0].message.content,
  'openai-aborted': async (ai) => {
    const leaves = new AbortController();
    const how = { signal: leaves.signal };
    const stream = await openai(ai, 'hangs').chat.completions.create({ ...chat, stream: true }, how);
    let parts = 0;
    for await (const _ of stream) {
      parts += 1;
      leaves.abort();
    }
    return parts;
  },
  'anthropic-messages': async (ai) => (await anthropic(ai).messages.create(message)).content[0].text,
  'anthropic-stream': (ai) => read(anthropic(ai).messages.create({ ...message, stream: true })),
  'anthropic-helper': async (ai) =>
    (await anthropic(ai).messages.stream(message).finalMessage()).content[0].text,
  'anthropic-beta': async (ai) => (await anthropic(ai).beta.messages.create(message)).content[0].text,
  'anthropic-options': async (ai) =>
    (await anthropic(ai).withOptions({ timeout: 5_000 }).messages.create(message)).content[0].text,
  'anthropic-denied': (ai) => anthropic(ai).messages.create(message),
  'anthropic-500': (ai) => anthropic(ai, '500').messages.create(message),
  'anthropic-breaks': (ai) => read(anthropic(ai, 'breaks').messages.create({ ...message, stream: true })),
  'anthropic-errors': (ai) => read(anthropic(ai, 'errors').messages.create({ ...message, stream: true })),
  'anthropic-left': (ai) => read(anthropic(ai).messages.create({ ...message, stream: true }), 2),
  'langchain-openai': async (ai) => (await langOpenai(ai).invoke('Six words.')).content,
  'langchain-openai-stream': (ai) => read(langOpenai(ai).stream('Six words.')).then(() => 'read'),
  'langchain-anthropic': async (ai) => (await langAnthropic(ai).invoke('Six words.')).content,
  'langchain-anthropic-stream': (ai) => read(langAnthropic(ai).stream('Six words.')).then(() => 'read'),
  'langchain-denied': (ai) => langOpenai(ai).invoke('Six words.'),
  'langchain-429': (ai) => langOpenai(ai, '429').invoke('Six words.'),
  'vercel-openai': async (ai) => (await generateText(asked(vercelOpenai(ai)))).text,
  'vercel-openai-stream': (ai) => streamed(vercelOpenai(ai)),
  'vercel-chat': async (ai) => (await generateText(asked(vercelChat(ai)))).text,
  'vercel-chat-stream': (ai) => streamed(vercelChat(ai)),
  'vercel-anthropic': async (ai) => (await generateText(asked(vercelAnthropic(ai)))).text,
  'vercel-anthropic-stream': (ai) => streamed(vercelAnthropic(ai)),
  'vercel-denied': (ai) => generateText(asked(vercelChat(ai))),
  'vercel-stream-denied': (ai) => streamed(vercelChat(ai)),
  'vercel-429': (ai) => generateText(asked(vercelChat(ai, '429'))),
  'vercel-breaks': (ai) => streamed(vercelAnthropic(ai, 'breaks')),
};

for (const [call, make] of Object.entries(CALLS)) {
  try {
    console.log(JSON.stringify({ call, answer: await make(call) }));
  } catch (error) {
    console.log(JSON.stringify({ call, error: error.constructor.name, message: String(error.message) }));
  }
}
console.log(JSON.stringify({ call: 'close', answer: await budget.close() }));
