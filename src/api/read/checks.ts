import { parseLeaseId } from '../../domain/model/lease-id.js';
import { MAX_AMOUNT } from '../../domain/model/limits.js';
import type { FieldViolation } from '../../domain/model/outcomes.js';
import type { LeaseRef } from '../../domain/model/requests.js';
import { reservedAi, reservedModel } from '../../domain/model/reserved-names.js';
import { UNKNOWN } from '../../domain/model/types.js';
import { amount } from '../../domain/model/wording.js';
import { DAY_RULE, isDay, isMonth, MONTH_RULE } from '../../domain/time/calendar.js';
import { invalidFields, RequestError } from '../failures/request-error.js';

export const BUDGET_ID = /^[a-z0-9][a-z0-9._-]{0,62}$/;
/** AI ids, request ids, usage ids, adjustment ids. */
const ID = /^[!-~]{1,128}$/;
const CONTROL = /\p{Cc}/u;
const MAX_LEASE_ID = 160;
const MAX_MODEL = 128;
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
    if (!BUDGET_ID.test(value)) {
      this.fail(field, `must be 1 to 63 characters, \`[a-z0-9][a-z0-9._-]{0,62}\`; ${found(value, 63)}`);
    }
    return value;
  }

  id(field: string, value: string): string {
    if (!ID.test(value)) {
      this.fail(field, `must be 1 to 128 printable ASCII characters without spaces; ${found(value, 128)}`);
    }
    return value;
  }

  /** The id of an AI that is to be counted under it. */
  aiId(field: string, value: string): string {
    const reserved = reservedAi(value);
    if (reserved === undefined) return this.id(field, value);
    this.fail(field, reserved);
    return value;
  }

  /** A model to count under; empty where `least` is 0. An operator may name `(unknown)`, to correct what stands there. */
  model(field: string, value: string, least: 0 | 1, mayBeUnknown = false): string {
    const reserved = mayBeUnknown && value === UNKNOWN ? undefined : reservedModel(value);
    if (reserved === undefined) return this.text(field, value, least, MAX_MODEL);
    this.fail(field, reserved);
    return value;
  }

  text(field: string, value: string, leastBytes: number, mostBytes: number): string {
    if (value === '' && leastBytes === 0) return value;
    const bytes = Buffer.byteLength(value);
    if (bytes < leastBytes || bytes > mostBytes) {
      const range = leastBytes === 0 ? `at most ${mostBytes}` : `${leastBytes} to ${mostBytes}`;
      this.fail(field, `must be ${range} bytes of UTF-8; it has ${bytes}`);
    } else if (CONTROL.test(value)) {
      this.fail(field, 'must not contain control characters, such as line breaks or NUL');
    }
    return value;
  }

  /** As `text`, and may have several lines: an error message often does. */
  lines(field: string, value: string, leastBytes: number, mostBytes: number): string {
    this.text(field, value.replace(/[\n\r\t]/g, ' '), leastBytes, mostBytes);
    return value;
  }

  amount(field: string, value: number, least: number): number {
    if (value < least || value > MAX_AMOUNT) {
      this.fail(field, `must be ${amount(least)} to ${amount(MAX_AMOUNT)}; it is ${amount(value)}`);
    }
    return value;
  }

  /** Takes a lease id apart. One that this service never made is no malformed field, but a lease that does not exist. */
  leaseId(field: string, value: string): LeaseRef {
    const lease = parseLeaseId(value);
    if (lease !== undefined && value.length <= MAX_LEASE_ID) return lease;
    if (value === '' || value.length > MAX_LEASE_ID || CONTROL.test(value)) {
      const rule = `must be 1 to ${MAX_LEASE_ID} characters as AcquireSlot gave them, without control characters`;
      this.fail(field, `${rule}; ${found(value, MAX_LEASE_ID)}`);
    } else this.unknownLease = value;
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

export function isText(value: string, leastBytes: number, mostBytes: number): boolean {
  const bytes = Buffer.byteLength(value);
  return bytes >= leastBytes && bytes <= mostBytes && !CONTROL.test(value);
}

function found(value: string, mostCharacters: number): string {
  if (value === '') return 'it is empty';
  return value.length > mostCharacters
    ? `it has ${value.length} characters`
    : 'it has characters that are not allowed';
}
