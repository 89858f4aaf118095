import { acquireFingerprint } from '../../domain/model/fingerprint.js';
import type { AcquireRequest } from '../../domain/model/requests.js';
import type { SessionRef } from '../../domain/model/session-ref.js';
import type { Labels, TokenCounts } from '../../domain/model/types.js';
import type { AskedTokens } from './asked-tokens.js';

/** All that a repeat must share, with how much it asks for. */
interface Content {
  readonly budgetId: string;
  readonly aiId: string;
  readonly leaseTtlMs: number | undefined;
  readonly labels: Labels | undefined;
  readonly model: string | undefined;
}

interface Ids {
  readonly requestId: string;
  readonly requestIdMade: boolean;
  readonly nonce: string;
}

/**
 * A request for a slot whose fingerprint is made when somebody asks for it: a grant keeps it and a repeat is held against it,
 * but a denial, which may come thousands of times a second, needs none.
 */
export class AskedAcquire implements AcquireRequest {
  readonly kind = 'acquire';
  readonly aiId: string;
  readonly requestId: string;
  readonly requestIdMade: boolean;
  readonly nonce: string;
  declare estimatedTokens?: number;
  declare expected?: TokenCounts;
  declare atLeastTokens?: number;
  declare leaseTtlMs?: number;
  declare labels?: Labels;
  declare model?: string;
  declare session?: SessionRef;
  readonly budgetId: string;
  private madeFingerprint: string | undefined;

  constructor(
    { budgetId, aiId, leaseTtlMs, labels, model }: Content,
    { estimatedTokens, expected, atLeastTokens }: AskedTokens,
    { requestId, requestIdMade, nonce }: Ids,
    session: SessionRef | undefined,
  ) {
    this.aiId = aiId;
    this.requestId = requestId;
    this.requestIdMade = requestIdMade;
    this.nonce = nonce;
    this.budgetId = budgetId;
    if (estimatedTokens !== undefined) this.estimatedTokens = estimatedTokens;
    if (expected !== undefined) this.expected = expected;
    if (atLeastTokens !== undefined) this.atLeastTokens = atLeastTokens;
    if (leaseTtlMs !== undefined) this.leaseTtlMs = leaseTtlMs;
    if (labels !== undefined) this.labels = labels;
    if (model !== undefined) this.model = model;
    if (session !== undefined) this.session = session;
  }

  get fingerprint(): string {
    this.madeFingerprint ??= acquireFingerprint(this);
    return this.madeFingerprint;
  }
}
