import { Lease, LeaseState } from '../gen/budgetarbiter/v1/budget.js';
import { PROCESS_TIME } from '../platform/clock.js';
import { StartError } from '../platform/start-error.js';
import { asking, budgetIdOf, jsonLine, pages } from './asked-service.js';
import type { ConnectionOptions, Service } from './connect.js';
import type { Run } from './output.js';
import { amount, harmless, table } from './text.js';

/** `budget-arbiter leases` and `revoke`: who holds slots, and ending that. */

export interface LeasesOptions extends ConnectionOptions {
  readonly json?: true;
  readonly closed?: true;
}

export async function printLeases(run: Run, id: string | undefined, options: LeasesOptions): Promise<void> {
  await asking(run, options, async (service) => {
    const found = await leasesOf(service, budgetIdOf(run, id), options.closed === true);
    const { out } = run.output;
    if (options.json) for (const lease of found) out(jsonLine('Lease', Lease, lease));
    else out(leasesTable(found, PROCESS_TIME.wall()));
  });
}

async function leasesOf(
  { admin, call }: Service,
  budgetId: string,
  includeClosed: boolean,
): Promise<Lease[]> {
  const found: Lease[] = [];
  const ask = (page: { readonly pageSize: number; readonly pageToken: string }) =>
    call(admin.listLeases.bind(admin), { budgetId, includeClosed, ...page });
  for await (const { leases } of pages(ask)) found.push(...leases);
  return stuckFirst(found);
}

/**
 * Live ones first, and of these the one that was granted longest ago before the others: who keeps a slot by heartbeats and reports
 * nothing is found at the top.
 */
export function stuckFirst(leases: readonly Lease[]): Lease[] {
  const isLive = ({ state }: Lease) => (state === LeaseState.LEASE_STATE_LIVE ? 0 : 1);
  const reported = ({ usedTokens }: Lease) => (usedTokens > 0 ? 1 : 0);
  const since = ({ grantedAt }: Lease) => grantedAt?.getTime() ?? 0;
  return leases.toSorted((a, b) => isLive(a) - isLive(b) || reported(a) - reported(b) || since(a) - since(b));
}

export function leasesTable(leases: readonly Lease[], now: number): string {
  if (leases.length === 0) return 'nobody holds a slot\n';
  const rows = leases.map((lease) => {
    const { aiId, teamId, state, usedTokens, reservedTokens, grantedAt, leaseId } = lease;
    return [
      harmless(aiId),
      harmless(teamId || '-'),
      LeaseState[state].replace('LEASE_STATE_', '').toLowerCase(),
      heldFor(now - (grantedAt?.getTime() ?? now)),
      `${amount(usedTokens)}/${amount(reservedTokens)}`,
      leaseId,
    ];
  });
  return table([['AI', 'TEAM', 'STATE', 'GRANTED', 'USED/RESERVED', 'LEASE'], ...rows]);
}

function heldFor(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 120) return `${seconds} s ago`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min ago` : `${Math.floor(minutes / 60)} h ago`;
}

export interface RevokeOptions extends ConnectionOptions {
  readonly reason: string;
  readonly json?: true;
  /** Every live lease of this budget. */
  readonly allOf?: string;
}

export async function revokeLeases(
  run: Run,
  leaseIds: readonly string[],
  options: RevokeOptions,
): Promise<void> {
  if (leaseIds.length === 0 && options.allOf === undefined)
    throw new StartError('name a lease, as the command leases shows it, or --all-of <budget>', 2);
  await asking(run, options, async (service) => {
    const { admin, call } = service;
    const ofBudget = options.allOf === undefined ? [] : await leasesOf(service, options.allOf, false);
    const { reason } = options;
    for (const leaseId of [...leaseIds, ...ofBudget.map((lease) => lease.leaseId)]) {
      const { lease } = await call(admin.revokeLease.bind(admin), { leaseId, reason });
      if (lease === undefined) continue;
      if (options.json) run.output.out(jsonLine('Lease', Lease, lease));
      else run.output.out(`${told(lease)}\n`);
    }
    if (leaseIds.length === 0 && ofBudget.length === 0 && !options.json)
      run.output.out('nobody holds a slot\n');
  });
}

function told({ aiId, leaseId, state, presumedTokens, usedTokens }: Lease): string {
  const is = LeaseState[state].replace('LEASE_STATE_', '').toLowerCase();
  return `${harmless(aiId)}: ${leaseId} is ${is}; ${amount(usedTokens)} used, ${amount(presumedTokens)} presumed`;
}
