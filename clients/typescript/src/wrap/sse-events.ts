/** One event of a stream, and the text that it came as. */
export interface SseEvent {
  readonly text: string;
  /** Undefined if it is none, such as `[DONE]`. */
  readonly json: unknown;
  readonly isDone: boolean;
}

const BETWEEN = /\r\n\r\n|\n\n|\r\r/;

/** Takes the bytes of a stream of events apart, however they are cut. */
export class SseEvents {
  private readonly decoder = new TextDecoder();
  private rest = '';

  take(bytes: Uint8Array): readonly SseEvent[] {
    this.rest += this.decoder.decode(bytes, { stream: true });
    const events: SseEvent[] = [];
    for (let found = BETWEEN.exec(this.rest); found !== null; found = BETWEEN.exec(this.rest)) {
      const end = found.index + found[0].length;
      events.push(eventOf(this.rest.slice(0, end)));
      this.rest = this.rest.slice(end);
    }
    return events;
  }

  /** What the end of the stream cut off. */
  last(): readonly SseEvent[] {
    const { rest } = this;
    this.rest = '';
    return rest === '' ? [] : [eventOf(rest)];
  }
}

function eventOf(text: string): SseEvent {
  const data = text
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).replace(/^ /, ''))
    .join('\n');
  if (data.startsWith('[DONE]')) return { text, json: undefined, isDone: true };
  return { text, json: parsed(data), isDone: false };
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
