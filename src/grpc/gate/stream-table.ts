import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { PassingMap } from '../../platform/passing-map.js';

/** Of Node's own record of a session: checked for 20, 22 and 24, and tried by a test on the one that runs it. */
interface State {
  streams?: Map<number, ServerHttp2Stream>;
}

/**
 * Keeps the streams of a new connection in a map that holds nothing of those that have gone. In Node's own, nearly every stream of a
 * connection that lives on outlives its call, with all that hangs on it, which is copied until the next full collection. Where there is no
 * such record, Node's map stays.
 */
export function forgetStreamsSoon(session: ServerHttp2Session): void {
  const state = stateOf(session);
  if (state?.streams?.size === 0) state.streams = new PassingMap();
}

export function stateOf(session: ServerHttp2Session): State | undefined {
  const key = Object.getOwnPropertySymbols(session).find(({ description }) => description === 'state');
  return key && (session as unknown as Record<symbol, State | undefined>)[key];
}
