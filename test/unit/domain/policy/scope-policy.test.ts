import { describe, expect, it } from 'vitest';
import { acquireFingerprint } from '../../../../src/domain/model/fingerprint.js';
import type { PolicyFields } from '../../../../src/domain/model/policy.js';
import { policyViolations } from '../../../../src/domain/policy/policy-check.js';
import { samePolicy, tidyPolicy } from '../../../../src/domain/policy/policy-update.js';
import { policyWarnings } from '../../../../src/domain/policy/policy-warnings.js';
import type { TeamFields } from '../../../../src/domain/policy/scope-fields.js';

const names = (count: number, width: number) =>
  Array.from({ length: count }, (_, at) => String(at).padEnd(width, 'x'));
const team = (fields: TeamFields): PolicyFields => ({ teams: [['web', { aiIds: ['web/*'], ...fields }]] });
const two = (one: TeamFields, other: TeamFields): PolicyFields => ({
  maxConcurrent: 4,
  teams: [
    ['a', { aiIds: ['a'], ...one }],
    ['b', { aiIds: ['b'], ...other }],
  ],
});

describe('teams and limits of models', () => {
  it.each<[PolicyFields, string]>([
    [{ teams: [['Web', { aiIds: ['a'] }]] }, 'policy.teams["Web"]'],
    [{ teams: [['', { aiIds: ['a'] }]] }, 'policy.teams[""]'],
    [{ teams: [['web', {}]] }, 'policy.teams["web"].ai_ids'],
    [{ teams: [['web', { aiIds: ['two words'] }]] }, 'policy.teams["web"].ai_ids[0]'],
    [{ teams: [['web', { aiIds: ['a', 'x'.repeat(65)] }]] }, 'policy.teams["web"].ai_ids[1]'],
    [{ teams: [['web', { aiIds: ['(other)'] }]] }, 'policy.teams["web"].ai_ids[0]'],
    [{ teams: names(65, 3).map((id) => [id, { aiIds: [id] }]) }, 'policy.teams'],
    [{ teams: [['web', { aiIds: names(257, 8) }]] }, 'policy.teams'],
    [team({ maxHourlyPercent: 0 }), 'policy.teams["web"].max_hourly_percent'],
    [team({ maxDailyPercent: 100.1 }), 'policy.teams["web"].max_daily_percent'],
    [team({ maxMonthlyPercent: 0.00001 }), 'policy.teams["web"].max_monthly_percent'],
    [team({ maxConcurrent: 1_001 }), 'policy.teams["web"].max_concurrent'],
    [team({ guaranteedPercent: -1 }), 'policy.teams["web"].guaranteed_percent'],
    [team({ guaranteedSlots: 1.5 }), 'policy.teams["web"].guaranteed_slots'],
    [team({ weight: 0.001 }), 'policy.teams["web"].weight'],
    [team({ weight: 101 }), 'policy.teams["web"].weight'],
    [{ models: [['', {}]] }, 'policy.models[""]'],
    [{ models: [['(unknown)', {}]] }, 'policy.models["(unknown)"]'],
    [{ models: [['*', { maxDailyPercent: 0 }]] }, 'policy.models["*"].max_daily_percent'],
    [{ models: names(65, 3).map((pattern) => [pattern, {}]) }, 'policy.models'],
    [two({ guaranteedPercent: 60 }, { guaranteedPercent: 40.0001 }), 'policy.teams'],
    [two({ guaranteedSlots: 3 }, { guaranteedSlots: 2 }), 'policy.teams'],
    [team({ guaranteedPercent: 30, maxDailyPercent: 29 }), 'policy.teams["web"].guaranteed_percent'],
    [team({ guaranteedSlots: 2, maxConcurrent: 1 }), 'policy.teams["web"].guaranteed_slots'],
    [
      {
        maxDailyPercentByAi: names(250, 128).map((name) => [name, 1]),
        teams: [['web', { aiIds: names(256, 64) }]],
        models: names(64, 128).map((pattern) => [pattern, {}]),
      },
      'policy',
    ],
  ])('%j is refused at %s', (fields, field) => {
    expect(policyViolations(fields).map((violation) => violation.field)).toEqual([field]);
  });

  it.each<[string, PolicyFields]>([
    [
      'all that there may be',
      { teams: [['web', { aiIds: names(256, 64) }]], models: names(64, 128).map((p) => [p, {}]) },
    ],
    [
      'guarantees that just fit',
      two({ guaranteedPercent: 60, guaranteedSlots: 2 }, { guaranteedPercent: 40, guaranteedSlots: 2 }),
    ],
    [
      'the ends of each range',
      team({ weight: 0.01, maxConcurrent: 0, maxMonthlyPercent: 0.0001, guaranteedPercent: 100 }),
    ],
    ['models that are not named', { models: [['(unspecified)', { maxDailyPercent: 5 }]] }],
  ])('take %s', (_, fields) => {
    expect(policyViolations(fields)).toEqual([]);
  });

  it('are the same whatever the order of their patterns', () => {
    const one: PolicyFields = { teams: [['web', { aiIds: ['b', 'a', 'b'], maxConcurrent: 2 }]] };
    expect(samePolicy(one, { teams: [['web', { maxConcurrent: 2, aiIds: ['a', 'b'] }]] })).toBe(true);
    expect(tidyPolicy({ teams: [], models: [] })).toEqual({});
  });

  it('are warned of where nothing fits, or nothing could be granted', () => {
    const fields: PolicyFields = {
      monthlyLimit: 1_000,
      teams: [
        ['ops', { aiIds: ['guardian'] }],
        ['web', { aiIds: ['web/*', 'reviewer'], maxHourlyPercent: 10 }],
      ],
    };
    const about = (ais?: string[]) =>
      policyWarnings(fields, ais).filter(({ field }) => field.startsWith('teams'));
    const small = {
      field: 'teams["web"].max_hourly_percent',
      message: '10% is less than one token: always denied; raise it if that is not meant',
    };
    expect(about()).toEqual([small]);
    expect(about(['web/a', 'guardian', 'reviewer'])).toEqual([small]);
    expect(about(['web', 'guardian'])).toContainEqual({
      field: 'teams["web"].ai_ids',
      message: 'no AI of this month fits "web/*", "reviewer": misspelt, or an AI that is yet to come',
    });
  });
});

describe('the model of a request', () => {
  it('is part of its content, and one that names none is what it was before', () => {
    const content = { budgetId: 'anthropic', aiId: 'guardian', estimatedTokens: 300 };
    expect(acquireFingerprint({ ...content, model: 'o3' })).not.toBe(acquireFingerprint(content));
    expect(acquireFingerprint({ ...content, model: undefined })).toBe(acquireFingerprint(content));
  });
});
