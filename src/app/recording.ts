import { createWriteStream } from 'node:fs';
import type { Log } from '../platform/log.js';
import { TraceRecorder } from '../replay/trace-recorder.js';

/** Owner alone: it tells who asked for what. */
const PRIVATE_FILE = 0o600;

/** Appends what is asked to a file. A disk that is full ends the recording, and nothing else. */
export function openRecording(file: string, log: Log): { recorder: TraceRecorder; stop(): Promise<void> } {
  const stream = createWriteStream(file, { flags: 'a', mode: PRIVATE_FILE });
  let failed = false;
  stream.on('error', (error) => {
    if (!failed) log.error({ err: error }, 'recording to RECORD_FILE failed, and ends');
    failed = true;
  });
  const recorder = new TraceRecorder((line) => {
    if (!failed) stream.write(line);
  });
  log.info({ file }, 'every request for a slot is recorded');
  return {
    recorder,
    stop: () => {
      recorder.end();
      return new Promise((resolve) => {
        if (failed) resolve();
        else stream.once('close', () => resolve()).end();
      });
    },
  };
}
