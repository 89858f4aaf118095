import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { afterAll, afterEach, describe, it } from 'vitest';

/** The MongoDB that tests use: each in databases of its own. */
export const mongoUri: string | undefined = process.env['MONGODB_URI'] || undefined;

const HOW = 'set MONGODB_URI to run, e.g. docker run -p 27017:27017 mongo:7 --replSet rs0';

/** What the MongoDB in use is known not to have: whoever starts such a one says so, and a test that needs it is a skip by name. */
export function lacks(what: 'validators' | 'a bound of 16 MB'): boolean {
  return (process.env['MONGODB_LACKS'] ?? '').includes(what);
}

/** The stores that a run is about; all of them unless it says otherwise. */
export const mongoAlone: boolean = process.env['TEST_STORES'] === 'mongodb';

/** A suite that needs MongoDB: without one it is skipped by name; where CI is set, it fails, lest nobody notice. */
export function describeMongo(name: string, suite: (uri: string) => void): void {
  if (mongoUri !== undefined) {
    describe(name, () => suite(mongoUri));
    return;
  }
  const skip = !process.env['CI'];
  describe.skipIf(skip)(`${name}: ${HOW}`, () => {
    it('has a MongoDB to run on', () => {
      throw new Error(`${name} cannot run: ${HOW}`);
    });
  });
}

/** A database of its own, dropped when every test of the suite has passed and kept for a look when one has failed. */
export function temporaryDatabase(uri: string, name = `budget_test_${randomUUID().slice(0, 8)}`): string {
  let failed = false;
  afterEach(({ task }) => {
    failed ||= task.result?.state === 'fail';
  });
  afterAll(async () => {
    if (failed) {
      console.info(`kept for a look: the database ${name}`);
      return;
    }
    const client = new MongoClient(uri, { serverSelectionTimeoutMS: 2_000 });
    await client.db(name).dropDatabase();
    await client.close();
  });
  return name;
}
