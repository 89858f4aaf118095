import { beforeEach, describe, expect, it } from 'vitest';
import { Logins } from '../../../src/access/logins.js';
import { PERMISSIONS } from '../../../src/access/permissions.js';
import type { Principal } from '../../../src/access/principal.js';
import { PROCESS_TIME } from '../../../src/platform/clock.js';
import { accessFor, ai, operator, settingsOf, viewer } from '../../support/access.js';

const SAN = 'guardian.example.org';
const certificates = (...roles: ReturnType<typeof viewer>[]) => [{ name: 'by-name', san: SAN, roles }];
const START = {
  tokens: { old: [ai('*', 'guardian')], kept: [operator('*')] },
  more: { certificates: certificates(viewer('*')) },
};

let access: ReturnType<typeof accessFor>['access'];
beforeEach(() => {
  ({ access } = accessFor(START));
});

async function who(token: string): Promise<Principal> {
  return access.authenticate({
    authorization: [`Bearer ${token}`],
    certificate: () => undefined,
    peer: () => '10.0.0.1',
  });
}

function byCertificate(): Principal | Promise<Principal> {
  const certificate = { subjectaltname: `DNS:${SAN}`, valid_to: 'Nov  1 09:00:00 2099 GMT' };
  return access.authenticate({ authorization: [], certificate: () => certificate, peer: () => '10.0.0.1' });
}

describe('other credentials while the service runs', () => {
  it('let in those who are new, and nobody who was removed', async () => {
    const [old, kept] = [await who('old'), await who('kept')];
    const { added, removed, changed } = access.replace(
      settingsOf({ tokens: { kept: [operator('*')], new: [viewer('*')] }, more: START.more }),
    );
    expect([added, removed, changed].map((entries) => entries.map(({ name }) => name))).toEqual([
      ['new'],
      ['old'],
      [],
    ]);
    expect(await who('new')).toMatchObject({ name: 'new', roles: [viewer('*')] });
    await expect(who('old')).rejects.toMatchObject({ failure: 'UNAUTHENTICATED' });
    expect(old).toMatchObject({ withdrawn: true, roles: [] });
    expect(kept).toMatchObject({ withdrawn: false, roles: [operator('*')] });
  });

  it('give those who are there already the roles that they have now', async () => {
    const [before, byName] = [await who('kept'), await byCertificate()];
    access.replace(
      settingsOf({
        tokens: { old: START.tokens.old, kept: [viewer('anthropic')] },
        more: { certificates: certificates(viewer('openai')) },
      }),
    );
    expect(before.roles).toEqual([viewer('anthropic')]);
    expect(byName.roles).toEqual([viewer('openai')]);
    const act = () => access.require(before, PERMISSIONS.BudgetAdminService.pauseBudget, 'PauseBudget');
    expect(act).toThrow(expect.objectContaining({ failure: 'PERMISSION_DENIED' }));
  });

  it('do not bring back what was opened by an entry that was away meanwhile', async () => {
    const before = await who('old');
    access.replace(settingsOf({ tokens: { kept: START.tokens.kept } }));
    access.replace(settingsOf(START));
    expect(before.withdrawn).toBe(true);
    expect(await who('old')).toMatchObject({ withdrawn: false, roles: START.tokens.old });
  });

  it('end the session of a browser that was opened by one of those that are gone', async () => {
    const logins = new Logins(PROCESS_TIME);
    const [old, kept] = [logins.open(await who('old')), logins.open(await who('kept'))];
    access.replace(settingsOf({ tokens: { kept: START.tokens.kept } }));
    expect(logins.use(old.id)).toBeUndefined();
    expect(logins.use(kept.id)).toBeDefined();
  });
});
