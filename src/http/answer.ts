/** What a route answers. */
export interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error as every route tells it: a code for programs, a message for a person, and the parameter if one is wrong. */
export function errorAnswer(
  status: number,
  code: string,
  message: string,
  more: { readonly field?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Answer {
  const { field, headers = {} } = more;
  return { status, body: { error: { code, message, ...(field === undefined ? {} : { field }) } }, headers };
}
