/** What keeps a call from reaching its method, or its answer from being waited for. grpc-js tells its own callers by itself. */
export type TransportProblem =
  | 'HEADER'
  | 'CONTENT_TYPE'
  | 'ENCODING'
  | 'METHOD'
  | 'CROSS_SITE'
  | 'MISDIRECTED'
  | 'TOO_LARGE'
  | 'METADATA_TOO_LARGE'
  | 'DEADLINE';

export class TransportError extends Error {
  override readonly name = 'TransportError';
  constructor(
    readonly problem: TransportProblem,
    message: string,
  ) {
    super(message);
  }
}
