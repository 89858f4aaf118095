import { REMEMBERED_STREAMS } from '../model/limits.js';
import type { SessionRef, StoredSession, StoredStream } from '../model/session-ref.js';
import type { StoredLease } from '../model/state.js';

/** Which stream a lease belongs to, and which it was taken from. */

/** To know a session's id is not enough: it is another principal's, for whom nothing is found. */
export function belongsTo({ session }: StoredLease, { id, owner }: SessionRef): boolean {
  return session?.id === id && session.owner === owner;
}

/** The session of a lease, on another stream from now on. */
export function moved(from: StoredSession | undefined, { id, owner, stream }: SessionRef): StoredSession {
  if (from === undefined) return { id, owner, stream };
  if (from.stream === stream) return from;
  const before = [streamOf(from), ...(from.before ?? [])].slice(0, REMEMBERED_STREAMS);
  return { id, owner, stream, before };
}

/** Whether the lease was this stream's, and another's since: it may no longer renew it or give it back. */
export function isTakenFrom({ session }: StoredLease, by: SessionRef | undefined): boolean {
  if (by === undefined || session?.before === undefined) return false;
  return session.before.some(({ stream }) => stream === by.stream);
}

/** As it was before take-ups that failed. */
export function givenBack(session: StoredSession, unopened: ReadonlySet<string>): StoredSession {
  if (unopened.size === 0) return session;
  const streams = [streamOf(session), ...(session.before ?? [])];
  const [last, ...before] = streams.filter(({ stream }) => !unopened.has(stream));
  if (1 + before.length === streams.length) return session;
  const { id, owner, stream } = session;
  if (last === undefined) return { id, owner, stream, ended: true };
  return { id, owner, ...last, ...(before.length === 0 ? {} : { before }) };
}

/** Also the streams that it was taken from, of which one may get it back. */
export function withoutEnded(session: StoredSession, streams: ReadonlySet<string>): StoredSession {
  const hasEnded = ({ stream, ended }: StoredStream) => !ended && streams.has(stream);
  const { before = [] } = session;
  if (!hasEnded(session) && !before.some(hasEnded)) return session;
  const mark = <S extends StoredStream>(each: S): S => (hasEnded(each) ? { ...each, ended: true } : each);
  const now = mark(session);
  return before.length === 0 ? now : { ...now, before: before.map(mark) };
}

function streamOf({ stream, ended }: StoredStream): StoredStream {
  return ended ? { stream, ended } : { stream };
}
