import { SlotDenied } from '@budget-arbiter/client';
import { streamText } from 'ai';
import { model } from '../model';

/** `GET /ask?question=why`: the answer as it comes. When the budget refuses, 429, 400 or 503. */
export async function GET(request: Request): Promise<Response> {
  const prompt = new URL(request.url).searchParams.get('question') ?? 'Why?';
  const answer = streamText({ model, prompt, abortSignal: request.signal });
  // The slot comes before the first word: so a denial is an answer of its own.
  for await (const part of answer.fullStream) {
    if (part.type === 'error') return refusal(part.error);
    if (part.type === 'start-step') break;
  }
  return answer.toTextStreamResponse();
}

function refusal(error: unknown): Response {
  if (!(error instanceof SlotDenied)) return Response.json({ error: 'no answer' }, { status: 502 });
  const { status, headers, body } = error.toHttp();
  return new Response(body, { status, headers });
}
