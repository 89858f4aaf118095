import { describe, expect, it } from 'vitest';
import { type LogLevel, openLog } from '../../../src/platform/pino-log.js';

async function setUp(level: LogLevel = 'info') {
  const lines: string[] = [];
  const log = await openLog({ level, destination: { write: (line) => void lines.push(line) } });
  const last = () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown>;
  return { lines, log, last };
}

describe('the log', () => {
  it('writes one JSON object a line, with level and ISO time', async () => {
    const { log, lines, last } = await setUp();
    log.info({ budget: 'anthropic', ai: 'guardian' }, 'slot granted\nwith a line break');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    expect(last()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      budget: 'anthropic',
      ai: 'guardian',
      msg: 'slot granted\nwith a line break',
    });
  });

  it('leaves out what is below its level', async () => {
    const { log, lines } = await setUp('warn');
    log.debug({}, 'a');
    log.info({}, 'b');
    log.warn({}, 'c');
    log.error({}, 'd');
    expect(lines).toHaveLength(2);
  });

  it('hides passwords wherever they stand', async () => {
    const { log, lines } = await setUp();
    const cause = new Error('connect to mongodb://user:hunter2@host failed');
    log.error({ uri: 'mongodb://user:hunter2@host/db', err: new Error('no store', { cause }) }, 'x');
    log.info({}, 'using mongodb+srv://user:hunter2@host/db');
    expect(lines.join('')).not.toContain('hunter2');
    expect(lines.join('')).toContain('mongodb://user:***@host/db');
  });

  it('tells an error with its causes, and a stack only in an error line', async () => {
    const { log, last } = await setUp();
    const cause = Object.assign(new TypeError('refused'), { code: 'ECONNREFUSED' });
    const failure = new Error('no store', { cause });
    log.warn({ err: failure }, 'retrying');
    expect(last()['err']).toEqual({
      type: 'Error',
      message: 'no store',
      cause: { type: 'TypeError', message: 'refused', code: 'ECONNREFUSED' },
    });
    log.error({ err: failure }, 'gave up');
    expect(last()['err']).toMatchObject({
      stack: expect.stringContaining('pino-log.test'),
      cause: { code: 'ECONNREFUSED' },
    });
  });
});
