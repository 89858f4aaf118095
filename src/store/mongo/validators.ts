import type { Document } from 'mongodb';
import { SECTIONS } from '../../domain/state.js';

const TEXT = { bsonType: 'string' };
const WHOLE = { bsonType: ['int', 'long', 'double'], multipleOf: 1 };
const AMOUNT = { ...WHOLE, minimum: 0 };
const DATE = { bsonType: 'date' };
const OBJECT = { bsonType: 'object' };

function exactly(properties: Document, optional: Document = {}): Document {
  const required = Object.keys(properties);
  return { bsonType: 'object', required, properties: { ...properties, ...optional } };
}

/**
 * What the server checks of every document, against a hand that edits the database. Loose where newer versions of this
 * service may add fields; it does not look into the sections, whose entries only this service knows.
 */
export const VALIDATORS = {
  budgets: {
    $jsonSchema: exactly(
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
        month: exactly({ key: TEXT, start: WHOLE, end: WHOLE }),
        lastOpenedDay: TEXT,
        receiptsDroppedAt: AMOUNT,
        ...Object.fromEntries(SECTIONS.map((section) => [section, OBJECT])),
      },
      { wakeAt: WHOLE, closedDay: exactly({ day: TEXT, start: WHOLE, total: WHOLE }) },
    ),
  },
  usage: {
    $jsonSchema: exactly(
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
        hours: { bsonType: 'array', items: exactly({ start: WHOLE, tokens: AMOUNT }) },
        ais: { bsonType: 'object', additionalProperties: WHOLE },
        models: { bsonType: 'object', additionalProperties: WHOLE },
      },
      { zone: TEXT },
    ),
  },
  receipts: {
    $jsonSchema: exactly({
      _id: TEXT,
      budget: TEXT,
      epoch: { ...WHOLE, minimum: 1 },
      at: DATE,
      revision: { ...WHOLE, minimum: 1 },
      body: { bsonType: 'object', required: ['kind'], properties: { kind: TEXT } },
    }),
  },
  copies: { $jsonSchema: exactly({ _id: TEXT, beats: AMOUNT }) },
  marks: { $jsonSchema: exactly({ _id: TEXT, mark: { ...OBJECT, required: ['kind'] } }) },
  probe: { $jsonSchema: exactly({ _id: TEXT, version: AMOUNT }) },
} as const satisfies Record<string, Document>;

export type CollectionName = keyof typeof VALIDATORS;
