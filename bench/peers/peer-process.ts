import type { Load } from '../drive/load.js';
import { percentile } from '../measure/median.js';
import type { Peer, TimedPeer } from './peer.js';
import { PEER_KINDS, type PeerKind, type PeerOptions } from './peer-kinds.js';

/** A peer in a process of its own, which its parent drives by messages: `{callers, seconds}` there, a load back. */
export interface DriveMessage {
  readonly callers: number;
  readonly seconds: number;
}

const [kind, options] = process.argv.slice(2);
const peer: Peer | TimedPeer = await PEER_KINDS[kind as PeerKind](JSON.parse(options ?? '') as PeerOptions);

process.on('message', (message: DriveMessage) => {
  void drive(message).then((load) => process.send?.(load));
});
process.on('disconnect', () => {
  void ('close' in peer ? peer.close() : Promise.resolve()).then(() => process.exit());
});
process.send?.('ready');

async function drive({ callers, seconds }: DriveMessage): Promise<Load> {
  if ('drive' in peer) {
    const { calls, busySeconds } = peer.drive(seconds);
    const ms = (busySeconds * 1_000) / calls;
    return { calls, seconds: busySeconds, p50Ms: ms, p99Ms: Number.NaN, errors: 0 };
  }
  return driveCallers(peer, callers, seconds);
}

async function driveCallers(calledPeer: Peer, callers: number, seconds: number): Promise<Load> {
  const took: number[] = [];
  let errors = 0;
  let lastError: string | undefined;
  const started = performance.now();
  const until = started + seconds * 1_000;
  const caller = async (number: number) => {
    for (let turn = 0; performance.now() < until; turn += 1) {
      const since = performance.now();
      try {
        await calledPeer.call(number, turn);
        took.push(performance.now() - since);
      } catch (error) {
        errors += 1;
        lastError = error instanceof Error ? error.message : JSON.stringify(error);
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
  return {
    ...{ calls: took.length, seconds: (performance.now() - started) / 1_000, errors },
    ...{ p50Ms: percentile(took, 0.5), p99Ms: percentile(took, 0.99) },
    ...(lastError === undefined ? {} : { lastError }),
  };
}
