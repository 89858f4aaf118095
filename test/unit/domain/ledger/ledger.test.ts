import { describe, expect, it } from 'vitest';
import { Ledger, NewerFormatError } from '../../../../src/domain/ledger/ledger.js';
import { type Section, STATE_FORMAT } from '../../../../src/domain/model/state.js';
import { applyPatch } from '../../../../src/store/memory/memory-budget.js';
import { expectReloadsTheSame } from '../../../support/book-keeping.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';

describe('a commit', () => {
  /** What the next commit would change, by section. */
  function changes(budget: TestBudget, change: () => void): Section[] {
    const sections = new Set<Section>();
    const { state } = budget;
    const takePatch = state.takePatch.bind(state);
    state.takePatch = (wakeAt) => {
      const patch = takePatch(wakeAt);
      for (const { section } of [...patch.puts, ...patch.drops]) sections.add(section);
      for (const section of patch.resets) sections.add(section);
      return patch;
    };
    change();
    return [...sections].sort();
  }

  it('carries what changed and nothing else, however much there is', () => {
    const budget = new TestBudget(ROOMY);
    for (let at = 0; at < 50; at += 1) budget.grant(`ai-${at}`, 10);
    expect(changes(budget, () => budget.grant('a', 10))).toEqual(['ais', 'leases', 'writers']);
    const lease = budget.grant('b', 100);
    expect(changes(budget, () => budget.do({ kind: 'renew', lease }))).toEqual(['leases', 'writers']);
    expect(changes(budget, () => budget.acquire('b', { requestId: lease.view.requestId }))).toEqual([]);
    expect(changes(budget, () => budget.snapshot())).toEqual([]);
  });

  it('raises the revision by one, and no answer that changes nothing does', () => {
    const budget = new TestBudget(ROOMY);
    const { revision } = budget.state;
    const lease = budget.grant('a', 10);
    expect(budget.state.revision).toBe(revision + 1);
    budget.do({ kind: 'get-lease', key: { lease } });
    budget.do({ kind: 'get-availability', aiId: 'a' });
    budget.deny('a', 2e6);
    expect(budget.state.revision).toBe(revision + 1);
    budget.together({ kind: 'renew', lease }, { kind: 'pause', reason: '' }, { kind: 'release', lease });
    expect(budget.state.revision).toBe(revision + 2);
  });

  it('loads again as the same budget, at any point of its life', () => {
    const budget = new TestBudget({ ...ROOMY, timeZone: 'Europe/Berlin' }, '2026-11-30T22:30:00Z');
    const steps = [
      () => budget.grant('a', 100, { labels: { job: 'x' } }),
      () => budget.record(budget.grant('b', 100, { leaseTtlMs: 1_000 }), 130),
      () => budget.pass(60_000).do({ kind: 'sweep' }),
      () => budget.do({ kind: 'pause', reason: 'incident' }),
      () => budget.do({ kind: 'put-policy', fields: { ...ROOMY, timeZone: 'Asia/Tokyo' } }),
      () => budget.pass(3_600_000).do({ kind: 'sweep' }),
      () => budget.writeOut(),
      () => budget.do({ kind: 'delete-budget', force: true }),
      () => budget.do({ kind: 'put-policy', fields: {} }),
    ];
    for (const step of steps) {
      step();
      expectReloadsTheSame(budget);
    }
  });
});

it('a state of a newer format is refused, and says what to do', () => {
  const head = { ...new TestBudget().loaded().takePatch(undefined).head, format: STATE_FORMAT + 1 };
  const stored = applyPatch(undefined, { head, resets: [], puts: [], drops: [] });
  expect(() => Ledger.of('anthropic', stored)).toThrow(NewerFormatError);
  expect(() => Ledger.of('anthropic', stored)).toThrow(/format 3.*up to 2.*upgrade/);
});
