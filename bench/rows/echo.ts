import { driveGhz } from '../drive/ghz.js';
import { driveGo, type GoRun } from '../drive/go-driver.js';
import type { Row } from './row.js';

/** Calls of one direction at once on all streams together. */
export const STREAM_WINDOW = 64;

export const DENIED_REQUEST = { budget_id: 'bench-denied', ai_id: 'ai-2', estimated_tokens: 200 };

function goEcho(id: string, what: string, mode: GoRun['mode']): Row {
  return {
    id,
    what,
    driver: 'Go',
    async open(world) {
      const { addresses, pids } = await world.at('echo');
      const drive = (callers: number, seconds: number) => {
        const window = Math.max(1, STREAM_WINDOW / callers);
        return driveGo({ mode, addresses, callers, seconds, window });
      };
      return { pids, drive };
    },
  };
}

/** The limits: grpc-js that does nothing, called as the service is called. */
export const ECHO_ROWS: readonly Row[] = [
  goEcho('echo-cycle', 'echo of the cycle', 'cycle'),
  goEcho('echo-record', 'echo of RecordUsage', 'record'),
  {
    id: 'echo-call',
    what: 'echo of a denial',
    driver: 'ghz',
    async open(world) {
      const { addresses, pids } = await world.at('echo-denied');
      const address = addresses[0] ?? '';
      const drive = (callers: number, seconds: number) =>
        driveGhz({ address, method: 'AcquireSlot', request: DENIED_REQUEST, callers, seconds });
      return { pids, drive };
    },
  },
  goEcho('echo-stream', `echo of a stream, ${STREAM_WINDOW} messages under way`, 'echo-stream'),
];
