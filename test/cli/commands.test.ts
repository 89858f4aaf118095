import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { tokenDigest } from '../../src/access/bearer-tokens.js';
import { commandsUnder, isLeaf } from '../../src/cli/command-tree.js';
import { programFor } from '../../src/cli/program.js';
import { cli, commandNames } from './support.js';

describe('every command', () => {
  it.each(commandNames())('%s explains itself, and stands in --help', async (name) => {
    const { code, out, err } = await cli([name, '--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`Usage: budget-arbiter ${name}`);
    expect((await cli(['--help'])).out).toMatch(new RegExp(`^  ${name}(\\|[a-z-]+)? `, 'm'));
  });

  it.each([
    ['status', '--nonsense'],
    ['watch', 'a', 'b'],
    ['migrate'],
    ['migrate', '--from', 'embedded'],
    ['token', '--role', 'king'],
    ['restore'],
    ['alerts', 'tset'],
    ['alerts'],
    ['policy'],
    ['policy', 'gett'],
    ['policy', 'set', 'anthropic'],
    ['policy', 'set', 'anthropic', 'cooldwon=5s'],
    ['policy', 'set', 'a', 'b', 'cooldown=5s'],
    ['pause'],
    ['resume', 'a', '--all'],
    ['revoke'],
    ['changes', 'undo', 'one'],
    ['completion', 'csh'],
  ])('%j is one line and exit code 2', async (...args) => {
    const { code, err } = await cli(args.filter((arg) => arg !== undefined));
    expect(code).toBe(2);
    expect(err).toMatch(/^[^\n]+\n$/);
  });

  it.each([
    [['statsu'], 'did you mean status?'],
    [['changse'], 'did you mean changes?'],
    [['policy', 'gett'], 'did you mean get?'],
    [['policy', 'set', 'cooldwon=5s'], 'did you mean cooldown?'],
    [['leases', '--jsno'], 'Did you mean --json?'],
  ])('%j is told what was meant', async (args, meant) => {
    expect((await cli(args)).err).toContain(meant);
  });

  it('has an example in its help', async () => {
    const output = { out: () => {}, err: () => {} };
    const program = programFor({ environment: {}, output, finish: () => {} }, () => {});
    const leaves = commandsUnder(program).filter(isLeaf);
    expect(leaves.length).toBeGreaterThan(20);
    for (const { path } of leaves) {
      const { out } = await cli([...path.split(' '), '--help']);
      expect(out, path).toMatch(/For example:\n {2}\$ /);
    }
  });

  it('serve is what happens without a command', async () => {
    expect((await cli(['serve'])).code).toBeUndefined();
    expect((await cli([])).code).toBeUndefined();
    expect(await cli(['serve', '--check-config'])).toMatchObject({ code: 0 });
  });
});

describe('token', () => {
  it('prints a token with the entry that has its digest', async () => {
    const { out } = await cli(['token', '--name', 'ops team', '--role', 'operator', '--budgets', '*']);
    const [, token = ''] = /^ {2}(bat_\S+)$/m.exec(out) ?? [];
    const [entry] = parse(out.slice(out.indexOf('  - name'))) as object[];
    const roles = [{ role: 'operator', budgets: '*' }];
    expect(entry).toEqual({ name: 'ops team', sha256: tokenDigest(token), roles });
  });

  it('names the AIs of the role ai', async () => {
    const { out } = await cli(['token', '--ai', 'a', '--ai', 'b:c, d']);
    const [entry] = parse(out.slice(out.indexOf('  - name'))) as { roles: object[] }[];
    expect(entry?.roles).toEqual([{ role: 'ai', budgets: 'anthropic', ais: ['a', 'b:c, d'] }]);
  });
});

describe('health', () => {
  it('leaves what answers without end', async () => {
    const server = createServer((_, response) => {
      const flood = (): void => {
        while (!response.destroyed && response.write('y'.repeat(64 * 1024)));
        if (!response.destroyed) response.once('drain', flood);
      };
      flood();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, out } = await cli(['health', '--http-address', `127.0.0.1:${port}`]);
    server.close();
    expect(code).toBe(0);
    expect(out).toMatch(/^200 y{1,1024}\n$/);
  });

  it.each([
    [{ HTTP_ADDRESS: 'nonsense' }, 'HTTP_ADDRESS'],
    [{ HTTP_ADDRESS: '127.0.0.1:0' }, 'port 0'],
  ])('with %j says what is wrong', async (env, why) => {
    expect(await cli(['health'], env)).toMatchObject({ code: 2, err: expect.stringContaining(why) });
  });
});
