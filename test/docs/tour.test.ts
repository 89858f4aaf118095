import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BudgetAdminServiceService } from '../../src/gen/budget/v1/budget_admin_service.js';
import { BudgetServiceService } from '../../src/gen/budget/v1/budget_service.js';
import { type Service, startService } from '../support/service.js';
import { differences, isText, jsonObjects } from './compare.js';
import { README, type Shown, stepsOf, type TourStep } from './readme.js';
import { type Ran, Shell } from './shell.js';

/** The service believes that it is mid-month and mid-hour, so that no window ends on the way. Its clock runs as ever. */
const MID_HOUR = '2026-11-10T09:20:00Z';
const SHIFTED_CLOCK = `const real=Date.now;const by=Date.parse('${MID_HOUR}')-real();Date.now=()=>real()+by;`;

/** The tour as a newcomer walks it: every command in order, in one shell, against a new service. */
describe('the five-minute tour', () => {
  const steps = stepsOf(README, 'A five-minute tour');
  const shell = new Shell();
  let service: Service;

  beforeAll(async () => {
    const preload = `--import=data:text/javascript,${encodeURIComponent(SHIFTED_CLOCK)}`;
    service = await startService({ env: { NODE_OPTIONS: preload } });
  });
  afterAll(async () => {
    shell.end();
    await service?.stop();
  });

  it.each(steps.map((step) => [step.line, step] as const))('README line %i', async (_line, step) => {
    const ran = await shell.run(
      step.commands
        .replaceAll('127.0.0.1:50051', service.grpcAddress)
        .replaceAll('127.0.0.1:8080', service.httpAddress),
    );
    expect(problems(step, ran), ran.output).toEqual([]);
  });

  it('calls every method of both services', () => {
    const all = steps.map(({ commands }) => commands).join('');
    const notHere = ['DeleteBudget', 'GetBudget', 'ListBudgets', 'ResetClock'];
    const missing = methods().filter((method) => !all.includes(`${method} `) && !notHere.includes(method));
    expect(missing).toEqual([]);
  });
});

function problems({ commands, shown }: TourStep, { output, code }: Ran): string[] {
  const failing = shown.some((block) => block.language === 'text' && block.text.startsWith('ERROR:'));
  const ended = (code !== 0) === failing ? [] : [`ended with ${code}`];
  const texts = shown.flatMap((block) => (block.language === 'text' ? [block.text] : []));
  const answers = shown.filter((block) => block.language === 'json');
  return [
    ...ended,
    ...texts.filter((text) => !isText(text, output)).map((text) => `not printed:\n${text}`),
    ...(answers.length === 0 ? [] : answerProblems(answers, jsonObjects(output), commands)),
  ];
}

/** Each answer in its place; of a stream, the README shows one message. */
function answerProblems(
  shown: readonly (Shown & { language: 'json' })[],
  printed: unknown[],
  commands: string,
): string[] {
  if (commands.includes('-max-time')) {
    const [message] = shown;
    const found = printed.some((each) => differences(message?.value, each).length === 0);
    return found ? [] : ['no message of the stream is the one that the README shows'];
  }
  if (shown.length !== printed.length) return [`${printed.length} answers; the README shows ${shown.length}`];
  return shown.flatMap(({ value }, index) => differences(value, printed[index], `$${index + 1}`));
}

function methods(): string[] {
  const services = [BudgetServiceService, BudgetAdminServiceService];
  return services.flatMap((service) =>
    Object.values(service).map(({ path }) => path.split('/').at(-1) ?? ''),
  );
}
