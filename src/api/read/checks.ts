import {
  isLengthWithin,
  lengthOf,
  type NumberLimit,
  TEXTS,
  type TextLimit,
} from '../../domain/model/field-limits.js';
import { parseLeaseId } from '../../domain/model/lease-id.js';
import type { FieldViolation } from '../../domain/model/outcomes.js';
import type { LeaseRef } from '../../domain/model/requests.js';
import { reservedAi, reservedModel } from '../../domain/model/reserved-names.js';
import { UNKNOWN } from '../../domain/model/types.js';
import { amount } from '../../domain/model/wording.js';
import { DAY_RULE, isDay, isMonth, MONTH_RULE } from '../../domain/time/calendar.js';
import { invalidFields, RequestError } from '../failures/request-error.js';

const NO_LEASE: LeaseRef = { leaseId: '', budgetId: '', epoch: 0, fence: 0 };

/**
 * Checks the fields of one request by hand, and remembers everything that is wrong, so that a caller hears of all of it at
 * once. Each check returns the value, which is right once `done` has not thrown.
 */
export class Checks {
  private violations: FieldViolation[] | undefined;
  private unknownLease: string | undefined;

  fail(field: string, description: string): void {
    this.violations ??= [];
    this.violations.push({ field, description });
  }

  failAll(violations: readonly FieldViolation[]): void {
    for (const { field, description } of violations) this.fail(field, description);
  }

  /** Throws what was found. A malformed field comes before a lease that does not exist. */
  done(): void {
    if (this.violations !== undefined) throw invalidFields(this.violations);
    if (this.unknownLease !== undefined) {
      throw new RequestError({ reason: 'LEASE_NOT_FOUND', leaseId: this.unknownLease });
    }
  }

  budgetId(field: string, value: string): string {
    return this.text(field, value, TEXTS.budgetId);
  }

  /** The id of an AI that is to be counted under it. */
  aiId(field: string, value: string): string {
    const reserved = reservedAi(value);
    if (reserved === undefined) return this.text(field, value, TEXTS.aiId);
    this.fail(field, reserved);
    return value;
  }

  /** A model to count under. An operator may name `(unknown)`, to correct what stands there. */
  model(field: string, value: string, limit: TextLimit, mayBeUnknown = false): string {
    const reserved = mayBeUnknown && value === UNKNOWN ? undefined : reservedModel(value);
    if (reserved === undefined) return this.text(field, value, limit);
    this.fail(field, reserved);
    return value;
  }

  text(field: string, value: string, limit: TextLimit): string {
    if (!isLengthWithin(limit, value) || !limit.pattern.test(value))
      this.fail(field, `must be ${limit.rule}; ${found(value, limit)}`);
    return value;
  }

  amount(field: string, value: number, { least, most, not }: NumberLimit): number {
    if (value < least || value > most || value === not) {
      const but = not === undefined ? '' : `, not ${amount(not)}`;
      this.fail(field, `must be ${amount(least)} to ${amount(most)}${but}; it is ${amount(value)}`);
    }
    return value;
  }

  /** Takes a lease id apart. One that this service never made is no malformed field, but a lease that does not exist. */
  leaseId(field: string, value: string): LeaseRef {
    const lease = parseLeaseId(value);
    if (lease !== undefined && isLengthWithin(TEXTS.leaseId, value)) return lease;
    const before = this.violations?.length;
    this.text(field, value, TEXTS.leaseId);
    if (this.violations?.length === before) this.unknownLease = value;
    return NO_LEASE;
  }

  day(field: string, value: string): string {
    if (!isDay(value)) this.fail(field, `must be ${DAY_RULE}`);
    return value;
  }

  month(field: string, value: string): string {
    if (!isMonth(value)) this.fail(field, `must be ${MONTH_RULE}`);
    return value;
  }
}

function found(value: string, limit: TextLimit): string {
  if (value === '') return 'it is empty';
  if (isLengthWithin(limit, value)) return 'it has characters that are not allowed';
  return `it has ${lengthOf(limit, value)} ${limit.unit}`;
}
