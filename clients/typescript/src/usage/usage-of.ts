import { isTokenUsage, type TokenUsage } from './token-usage.js';
import {
  aiSdk,
  aiSdkProvider,
  anthropic,
  fields,
  gemini,
  langchain,
  openaiChat,
  openaiResponses,
  type Shape,
} from './vendor-shapes.js';

/** In this order, since the later ones ask for less. */
const SHAPES: readonly Shape[] = [
  openaiChat,
  openaiResponses,
  gemini,
  aiSdkProvider,
  aiSdk,
  langchain,
  anthropic,
];
const NAMES = ['usage', 'usage_metadata', 'usageMetadata'];

/**
 * What a vendor's answer cost, by the disjoint kinds that a budget counts. Takes the answer, or its usage object alone: of OpenAI
 * (chat completions and responses), Anthropic, Gemini, LangChain, LiteLLM and the Vercel AI SDK. Undefined if it says nothing.
 */
export function usageOf(answer: unknown): TokenUsage | undefined {
  const { response, message } = fields(answer);
  const holders = [answer, response, message].map(fields);
  for (const holder of holders) {
    for (const name of NAMES) {
      const found = ofShape(holder[name]);
      if (found !== undefined) return found;
    }
  }
  return isTokenUsage(answer) ? answer : ofShape(answer);
}

/** The model that answered, where the answer says so. */
export function modelOf(answer: unknown): string | undefined {
  const { model, modelVersion, response, response_metadata: metadata, message } = fields(answer);
  const names = [
    model,
    modelVersion,
    fields(response)['model'],
    fields(response)['modelId'],
    fields(message)['model'],
    fields(metadata)['model_name'],
    fields(metadata)['model'],
  ];
  return names.find((name): name is string => typeof name === 'string' && name !== '');
}

function ofShape(usage: unknown): TokenUsage | undefined {
  if (typeof usage !== 'object' || usage === null) return undefined;
  for (const shape of SHAPES) {
    const found = shape(usage as Readonly<Record<string, unknown>>);
    if (found !== undefined) return found;
  }
  return undefined;
}
