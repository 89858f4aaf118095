import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Load } from '../drive/load.js';
import type { PeerKind, PeerOptions } from './peer-kinds.js';

const PROCESS = fileURLToPath(new URL('./peer-process.ts', import.meta.url));

export interface SpawnedPeer {
  readonly pid: number;
  drive(callers: number, seconds: number): Promise<Load>;
  stop(): Promise<void>;
}

/** Resolves when it can be driven. */
export async function spawnPeer(kind: PeerKind, options: PeerOptions): Promise<SpawnedPeer> {
  const child = fork(PROCESS, [kind, JSON.stringify(options)], { execArgv: ['--import', 'tsx'] });
  const ended = once(child, 'exit');
  const answer = async (): Promise<unknown> => {
    const first = await Promise.race([once(child, 'message'), ended.then(() => 'ended')]);
    if (first === 'ended') throw new Error(`the process of ${kind} ended`);
    return (first as unknown[])[0];
  };
  await answer();
  return {
    pid: child.pid ?? 0,
    async drive(callers, seconds) {
      child.send({ callers, seconds });
      return (await answer()) as Load;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
