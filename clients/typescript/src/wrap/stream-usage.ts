import type { TokenUsage } from '../usage/token-usage.js';
import { modelOf, usageOf } from '../usage/usage-of.js';
import { type Fields, fields } from '../usage/vendor-shapes.js';
import type { SseEvent } from './sse-events.js';

/** What the events of a vendor's stream say of its usage, so far. */
export class StreamUsage {
  model: string | undefined;
  /** The vendor has said all that it will say of usage. */
  isFinal = false;
  /** The stream has come to its own end. */
  isDone = false;
  /** An event said that it failed: there will be no more. */
  failure: string | undefined;
  private usage: Fields | undefined;

  get said(): TokenUsage | undefined {
    return usageOf(this.usage);
  }

  take({ json, isDone }: SseEvent): void {
    if (isDone) this.isDone = true;
    const event = fields(json);
    if (event['error']) this.failure = String(fields(event['error'])['message'] ?? 'the stream failed');
    this.model ??= modelOf(event);
    switch (event['type']) {
      // Anthropic: the input at the beginning, the output at the end; each count is the sum so far.
      case 'message_start':
        this.merge(fields(event['message'])['usage']);
        break;
      case 'message_delta':
        this.merge(event['usage']);
        if (fields(event['delta'])['stop_reason']) this.isFinal = true;
        break;
      case 'message_stop':
        this.isDone = true;
        break;
      // OpenAI responses.
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
        this.isDone = true;
        this.takeWhole(fields(event['response'])['usage']);
        break;
      default:
        // OpenAI chat completions: in the last event.
        if (event['type'] === undefined) this.takeWhole(event['usage']);
    }
  }

  private merge(usage: unknown): void {
    const told = Object.entries(fields(usage)).filter(([, value]) => value !== null && value !== undefined);
    this.usage = { ...this.usage, ...Object.fromEntries(told) };
  }

  private takeWhole(usage: unknown): void {
    if (usageOf(usage) === undefined) return;
    this.usage = fields(usage);
    this.isFinal = true;
  }
}

/** The event that says what a chat completion cost, and nothing else. */
export function saysOnlyUsage({ json }: SseEvent): boolean {
  const { choices, usage } = fields(json);
  return Array.isArray(choices) && choices.length === 0 && typeof usage === 'object' && usage !== null;
}
