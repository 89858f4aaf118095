import { readFileSync } from 'node:fs';
import { type Service, startService } from '../support/service.js';
import { GoodClient } from './good-client.js';
import { type Input, inputOf } from './inputs.js';
import { sendBytes } from './send-bytes.js';
import { CallSender } from './send-call.js';
import { httpVerdict, verdict } from './verdict.js';

const WORKERS = 8;
const MAX_FINDINGS = 20;
/** Heap and buffers of a busy service move by this much; what leaks moves with the number of inputs. */
const LEVEL_MIB = 150;

export interface Options {
  readonly seed: number;
  readonly first?: number;
  readonly inputs: number;
  readonly onProgress?: (done: number) => void;
}

export interface Report {
  readonly findings: string[];
  /** How many inputs came to what. */
  readonly counts: Readonly<Record<string, number>>;
  readonly memoryMib: { readonly before: number; readonly after: number };
  readonly goodRounds: number;
  readonly goodSlowestMs: number;
}

/** Sends inputs to a service of its own, while a good client works on it. */
export async function fuzz({ seed, first = 0, inputs, onProgress }: Options): Promise<Report> {
  const service = await startService();
  const findings: string[] = [];
  const counts: Record<string, number> = {};
  const good = new GoodClient(service.grpcAddress);
  await good.start();
  let next = first;
  let before = 0;
  const worker = async (): Promise<void> => {
    const sender = new CallSender(service.grpcAddress);
    while (next < first + inputs && findings.length < MAX_FINDINGS) {
      const index = next++;
      if (index === first + Math.floor(inputs / 4)) before = residentMib(service.pid);
      if (index % 1_000 === 0) onProgress?.(index);
      const input = inputOf(seed, index);
      const result = await send(service, sender, input);
      counts[result] = (counts[result] ?? 0) + 1;
      if (result.startsWith('WRONG'))
        findings.push(`${result}\n  --seed ${seed} --only ${index}: ${shown(input)}`);
    }
    await sender.close();
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
  await good
    .stop()
    .catch((error: unknown) => findings.push(`the good client was disturbed: ${String(error)}`));
  const after = residentMib(service.pid);
  if (after - before > LEVEL_MIB) findings.push(`memory rose from ${before} to ${after} MiB`);
  findings.push(...(await lastWords(service)));
  return {
    findings,
    counts,
    memoryMib: { before, after },
    goodRounds: good.rounds,
    goodSlowestMs: good.slowestMs,
  };
}

async function send(service: Service, sender: CallSender, input: Input): Promise<string> {
  if (input.kind === 'call') {
    const end = await sender.send(input);
    // The input before it may have cost the connection, and the news have come late.
    const again = end.connectionLost === true && end.grpcStatus === undefined;
    return verdict(input, again ? await sender.send(input) : end);
  }
  const bytes = Buffer.from(input.hex, 'hex');
  if (input.kind === 'http') return httpVerdict(await sendBytes(service.httpAddress, bytes));
  await sendBytes(service.grpcAddress, bytes);
  return 'frames';
}

/** What it logged as an error, and how it ended when it was asked to. */
async function lastWords(service: Service): Promise<string[]> {
  const code = await service.stop();
  const errors = service.logs.filter(({ level, text }) => text !== undefined || level === 'error');
  return [
    ...errors.map((line) => `it logged ${JSON.stringify(line)}`),
    ...(code === 0 ? [] : [`it ended with code ${code}`]),
  ];
}

function residentMib(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1024);
}

function shown(input: Input): string {
  return JSON.stringify(input).slice(0, 2_000);
}
