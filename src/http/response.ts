import type { ServerResponse } from 'node:http';

/** What an endpoint answers. */
export interface HttpResponse {
  readonly status: number;
  readonly body: Body;
  readonly headers?: Readonly<Record<string, string>>;
}

/** JSON; or a content of another type; or a response that is written as things happen. */
export type Body = object | Content | Stream;

export class Content {
  constructor(
    readonly type: string,
    readonly bytes: Buffer,
  ) {}

  static text(type: string, text: string): Content {
    return new Content(type, Buffer.from(text));
  }
}

/** `write` is called once the head is sent; it ends the response itself, and hears of the client's going by its `close`. */
export class Stream {
  constructor(
    readonly type: string,
    readonly write: (response: ServerResponse) => void,
  ) {}
}

/** An error as every route tells it: a code for programs, a message for a person, and the parameter if one is wrong. */
export function errorResponse(
  status: number,
  code: string,
  message: string,
  more: { readonly field?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): HttpResponse {
  const { field, headers = {} } = more;
  return { status, body: { error: { code, message, ...(field === undefined ? {} : { field }) } }, headers };
}
