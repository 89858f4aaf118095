import type { Document } from 'mongodb';
import { SECTIONS } from '../../domain/model/state.js';

const TEXT = { bsonType: 'string' };
const WHOLE = { bsonType: ['int', 'long', 'double'], multipleOf: 1 };
const AMOUNT = { ...WHOLE, minimum: 0 };
const DATE = { bsonType: 'date' };
const OBJECT = { bsonType: 'object' };

/**
 * Rises with every change of what stands below. A copy of the service replaces validators of a lower version and never those
 * of a higher one: else an old copy that starts beside a new one would put back what refuses the new one's commits.
 */
const VERSION = 2;
const NAMED = 'validator of budget-arbiter, version ';

/** Fields that every release needs, and others that are checked where they are there. Unknown ones may be. */
function having(properties: Document, optional: Document = {}): Document {
  const required = Object.keys(properties);
  return { bsonType: 'object', required, properties: { ...properties, ...optional } };
}

/** Of the keywords of `$jsonSchema` only those that every server knows: FerretDB has no `additionalProperties`. */
function validator(properties: Document, optional: Document = {}): Document {
  return { $jsonSchema: { description: `${NAMED}${VERSION}`, ...having(properties, optional) } };
}

/** The version of a validator that this service has set; 0 for none, and for those of before there were versions. */
export function validatorVersion(stored: unknown): number {
  const description = (stored as Document | undefined)?.['$jsonSchema']?.description;
  if (typeof description !== 'string' || !description.startsWith(NAMED)) return 0;
  return Number(description.slice(NAMED.length)) || 0;
}

export function isOfNewerRelease(stored: unknown): boolean {
  return validatorVersion(stored) > VERSION;
}

/**
 * What the server checks of every document, against a hand that edits the database. It says nothing about what a newer
 * release adds, and nothing about a section that a document of an older one has not; nor does it look into the sections, whose
 * entries only this service knows.
 */
export const VALIDATORS = {
  budgets: validator(
    {
      _id: TEXT,
      format: { ...WHOLE, minimum: 1 },
      epoch: { ...WHOLE, minimum: 1 },
      revision: { ...WHOLE, minimum: 1 },
      fence: AMOUNT,
      clock: WHOLE,
      deleted: { bsonType: 'bool' },
      createdAt: WHOLE,
      zone: TEXT,
      month: having({ key: TEXT, start: WHOLE, end: WHOLE }),
      lastOpenedDay: TEXT,
      receiptsDroppedAt: AMOUNT,
    },
    {
      wakeAt: WHOLE,
      daysDroppedAt: AMOUNT,
      closedDay: having({ day: TEXT, start: WHOLE, total: WHOLE }),
      ...Object.fromEntries(SECTIONS.map((section) => [section, OBJECT])),
    },
  ),
  usage: validator(
    {
      _id: TEXT,
      budget: TEXT,
      epoch: { ...WHOLE, minimum: 1 },
      day: { bsonType: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' },
      start: WHOLE,
      end: WHOLE,
      revision: { ...WHOLE, minimum: 1 },
      total: AMOUNT,
      presumed: AMOUNT,
      late: AMOUNT,
      hours: { bsonType: 'array', items: having({ start: WHOLE, tokens: AMOUNT }) },
      ais: OBJECT,
      models: OBJECT,
    },
    { format: { ...WHOLE, minimum: 1 }, presumedBy: OBJECT, zone: TEXT },
  ),
  receipts: validator({
    _id: TEXT,
    budget: TEXT,
    epoch: { ...WHOLE, minimum: 1 },
    at: DATE,
    revision: { ...WHOLE, minimum: 1 },
    body: having({ kind: TEXT }),
  }),
  copies: validator({ _id: TEXT, beats: AMOUNT }),
  marks: validator({ _id: TEXT }, { mark: having({ kind: TEXT }), identity: TEXT, revision: AMOUNT }),
  probe: validator({ _id: TEXT, version: AMOUNT }),
} as const satisfies Record<string, Document>;

export type CollectionName = keyof typeof VALIDATORS;
