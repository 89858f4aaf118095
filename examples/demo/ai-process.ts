import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { AiMessage, Assignment } from './ai-messages.js';

/** The process of one AI. */
export class AiProcess {
  readonly #child: ChildProcess;
  readonly #ready: Promise<unknown>;
  /** Resolves once the process has ended and all that it said has been heard. */
  readonly ended: Promise<{ readonly killed: boolean }>;

  constructor(aiId: string, heard: (message: AiMessage) => void) {
    this.#child = fork(fileURLToPath(new URL('ai.ts', import.meta.url)), [aiId], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // A group of its own, as the service.
      detached: true,
    });
    let errors = '';
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    this.#child.on('message', (message: AiMessage) => heard(message));
    this.ended = Promise.all([once(this.#child, 'close'), once(this.#child, 'disconnect')]).then(
      ([[code, signal]]) => {
        if (code === 0 || signal === 'SIGKILL') return { killed: signal === 'SIGKILL' };
        throw new Error(`${aiId} ended with exit code ${code}:\n${errors}`);
      },
    );
    this.#ready = Promise.race([once(this.#child, 'message'), this.ended]);
    // Looked at by whoever waits for the end; until then a failure is not an unhandled one.
    this.ended.catch(() => {});
  }

  async start(assignment: Assignment): Promise<void> {
    await this.ready();
    this.#child.send(assignment);
  }

  async ready(): Promise<void> {
    await this.#ready;
  }

  /** As a crash would: it gets no chance to say or to give back anything. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
