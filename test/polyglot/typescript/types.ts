/** What users write, as their compiler sees it: nothing of it needs a cast. */

import { anthropic } from '@ai-sdk/anthropic';
import Anthropic from '@anthropic-ai/sdk';
import { budgetMiddleware } from '@budget-arbiter/ai-sdk';
import { BudgetClient, SlotDenied, type SlotSource, wrap } from '@budget-arbiter/client';
import { BudgetCallback } from '@budget-arbiter/client/langchain';
import { FakeBudgetClient } from '@budget-arbiter/client/testing';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, wrapLanguageModel } from 'ai';
import OpenAI from 'openai';

const client = BudgetClient.fromEnv({ journal: 'budget.journal', tls: { ca: 'ca.pem' } });
const estimate = (body: Readonly<Record<string, unknown>>) => JSON.stringify(body).length / 4 + 500;
const claude = wrap(new Anthropic(), { budget: 'anthropic', ai: 'guardian', estimate: 3_000 });
const openai = client.wrap(new OpenAI(), {
  ai: 'guardian',
  estimate,
  estimateStreamed: () => ({ output: 10 }),
});

export async function texts(budget: SlotSource = client): Promise<string[]> {
  const messages = [{ role: 'user' as const, content: 'Six words.' }];
  const message = await claude.messages.create({ model: 'claude-sonnet-4', max_tokens: 100, messages });
  const chat = await openai.chat.completions.create({ model: 'gpt-4o', messages });
  const model = wrapLanguageModel({
    model: anthropic('claude-sonnet-4'),
    middleware: budgetMiddleware(budget, { ai: 'guardian', estimate: { input: 900, output: 300 } }),
  });
  const { text } = await generateText({ model, prompt: 'Six words.' });
  const chain = new ChatOpenAI({
    model: 'gpt-4o',
    callbacks: [new BudgetCallback(budget, { ai: 'guardian' })],
  });
  const said: string = (await chain.invoke('Six words.')).text;
  return [message.content[0]?.type ?? '', chat.choices[0]?.message.content ?? '', text, said];
}

export async function answer(): Promise<Response> {
  try {
    await using slot = await client.acquire({
      ai: 'guardian',
      estimate: 300,
      signal: AbortSignal.timeout(5_000),
    });
    const body: string = await fetch('https://vendor.example', { signal: slot.lost }).then((got) =>
      got.text(),
    );
    if (!slot.report(JSON.parse(body), { requestType: 'chat' })) slot.report({ input: 100, output: 50 });
    return new Response(body);
  } catch (error) {
    if (!(error instanceof SlotDenied)) throw error;
    const { status, headers, body } = error.toHttp();
    return new Response(body, { status, headers });
  }
}

export const fake: Promise<string[]> = texts(new FakeBudgetClient());
