import type { ServiceError } from '@grpc/grpc-js';
import { settingText } from '../config/config.js';
import { processEnvironment } from '../config/environment.js';
import type { WatchBudgetResponse } from '../gen/budgetarbiter/v1/budget_admin_service.js';
import { PROCESS_TIME } from '../platform/clock.js';
import { PROCESS_SCHEDULER, pause, type Scheduler } from '../platform/scheduler.js';
import type { StartError } from '../platform/start-error.js';
import { type ConnectionOptions, connect, failureOf, type Service } from './connect.js';
import type { Output, Run } from './output.js';
import { COLOURED, PLAIN } from './text.js';
import { frame, type Happening, happeningLine, WatchView } from './watch-view.js';

const RETRY_MS = 1_000;
/** Renewals are no events: the ends of leases are asked for. */
const LEASES_EVERY_MS = 2_000;
const MOST_LEASES = 100;
const WITHOUT_SCREEN = { columns: 100, rows: 60 };

/** Those that trying again does not mend. */
const FINAL = /^\d+ (NOT_FOUND|INVALID_ARGUMENT|UNAUTHENTICATED|PERMISSION_DENIED|UNIMPLEMENTED):/;

type WatchOptions = ConnectionOptions & { readonly once?: true };

/** On a terminal a picture, drawn in place until SIGINT; elsewhere a line for each thing that happens. */
export async function watchBudget(
  run: Run,
  budgetId: string | undefined,
  options: WatchOptions,
): Promise<void> {
  const { environment, output } = run;
  const service = connect(options, environment, PROCESS_TIME.wall);
  const chosen = budgetId ?? settingText(environment, 'defaultBudget').text ?? '';
  const view = new WatchView(chosen, service.target, PROCESS_TIME.monotonic);
  const size = output.screen;
  const colour = size !== undefined && !processEnvironment()['NO_COLOR'];
  const picture = () => frame(view, size?.() ?? WITHOUT_SCREEN, colour ? COLOURED : PLAIN);
  const screen =
    size === undefined || options.once ? undefined : new Screen(output, PROCESS_SCHEDULER, size, picture);
  const ending = new AbortController();
  const end = () => ending.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  const tell = (happened: readonly Happening[]): void => {
    if (screen === undefined && !options.once)
      for (const each of happened) output.out(`${happeningLine(each)}\n`);
  };
  try {
    screen?.start();
    if (!screen && !options.once) output.err(`watching ${chosen} on ${service.target}\n`);
    await follow(service, view, tell, options.once === true, ending.signal);
    if (options.once)
      output.out(
        picture()
          .map((line) => `${line.trimEnd()}\n`)
          .join(''),
      );
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
    screen?.stop();
    service.close();
  }
}

async function follow(
  service: Service,
  view: WatchView,
  tell: (happened: readonly Happening[]) => void,
  once: boolean,
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    const failure =
      (await learnBudget(service, view, ended)) ?? (await oneStream(service, view, tell, once, ended));
    if (failure === undefined) return;
    const trouble = failureOf(failure, service.target);
    if (once || FINAL.test(failure.message)) throw trouble;
    if (view.ended === undefined)
      tell([{ at: new Date(view.now), kind: 'trouble', text: `${trouble.message}; trying again` }]);
    view.ended = `${trouble.message}; trying again`;
    await pause(PROCESS_SCHEDULER, RETRY_MS);
  }
}

/** First of all, since nobody can say an event without knowing what the budget counts: why it failed, or undefined. */
async function learnBudget(
  service: Service,
  view: WatchView,
  ended: AbortSignal,
): Promise<ServiceError | undefined> {
  if (view.budget !== undefined) return undefined;
  const end = new Promise<void>((resolve) =>
    ended.addEventListener('abort', () => resolve(), { once: true }),
  );
  try {
    await Promise.race([refresh(service, view), end]);
    return undefined;
  } catch (error) {
    return (error as StartError).cause as ServiceError;
  }
}

/** Reads one stream to its end: why it broke, or undefined if it is enough. */
function oneStream(
  service: Service,
  view: WatchView,
  tell: (happened: readonly Happening[]) => void,
  once: boolean,
  ended: AbortSignal,
): Promise<ServiceError | undefined> {
  return new Promise((resolve, reject) => {
    if (ended.aborted) return resolve(undefined);
    const { budgetId, revision: afterRevision } = view;
    const stream = service.admin.watchBudget({ budgetId, afterRevision }, service.metadata);
    let askedAt = Number.NEGATIVE_INFINITY;
    const finish = (failure?: ServiceError): void => {
      ended.removeEventListener('abort', onEnd);
      stream.removeAllListeners('data').removeAllListeners('end');
      stream.on('error', () => {});
      stream.cancel();
      resolve(failure);
    };
    const onEnd = (): void => finish();
    ended.addEventListener('abort', onEnd);
    stream.on('error', (error: ServiceError) => finish(error));
    stream.on('end', () => finish(closed()));
    stream.on('data', (update: WatchBudgetResponse) => {
      tell(view.take(update));
      const now = PROCESS_TIME.monotonic();
      if (now - askedAt < LEASES_EVERY_MS && update.events.length === 0) return;
      askedAt = now;
      void refresh(service, view).then(
        () => once && finish(),
        (error: unknown) => {
          // A view goes on without; for one picture it is all that was asked for.
          if (once) reject(error);
        },
      );
    });
  });
}

/** What the stream does not tell: the policy in force, and until when leases are renewed. */
async function refresh({ admin, call }: Service, view: WatchView): Promise<void> {
  const { budgetId } = view;
  view.budget ??= (await call(admin.getBudget.bind(admin), { budgetId })).budget;
  const request = { budgetId, includeClosed: false, pageSize: MOST_LEASES, pageToken: '' };
  view.leases = (await call(admin.listLeases.bind(admin), request)).leases;
}

function closed(): ServiceError {
  const details = 'the service ended the stream';
  return Object.assign(new Error(`14 UNAVAILABLE: ${details}`), { details }) as ServiceError;
}

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[2J';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const REST_OF_LINE = '\u001b[K';
const REST_OF_SCREEN = '\u001b[J';
const FRAME_MS = 250;

/** Draws a picture in place, on the terminal's second screen: what stood there before comes back. */
export class Screen {
  private cancel: (() => void) | undefined;

  constructor(
    private readonly output: Output,
    private readonly scheduler: Scheduler,
    private readonly size: NonNullable<Output['screen']>,
    private readonly picture: () => readonly string[],
  ) {}

  start(): void {
    this.output.out(ENTER);
    this.plan();
  }

  /** Gives the terminal back, with the last picture on it. */
  stop(): void {
    this.cancel?.();
    this.output.out(`${LEAVE}${this.picture().join('\n')}\n`);
  }

  private plan(): void {
    this.cancel = this.scheduler.after(FRAME_MS, () => {
      // One write for a picture: a terminal that draws between two would flicker.
      const lines = this.picture()
        .slice(0, this.size().rows)
        .map((line) => line + REST_OF_LINE);
      this.output.out(`${HOME}${lines.join('\r\n')}${REST_OF_SCREEN}`);
      this.plan();
    });
  }
}
