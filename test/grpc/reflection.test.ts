import { create, createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BudgetAdminServiceService } from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import {
  ServerReflectionClient,
  type ServerReflectionRequest,
  ServerReflectionResponse,
} from '../../src/gen/grpc/reflection/v1/reflection.js';
import { failed, type Harness, startHarness } from './support/harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

type Question = NonNullable<ServerReflectionRequest['messageRequest']>;
type Answer = NonNullable<ServerReflectionResponse['messageResponse']>;

function open(version: string, serialize?: (request: ServerReflectionRequest) => Buffer) {
  return harness.budgets.makeBidiStreamRequest(
    `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    serialize ?? ServerReflectionClient.service.serverReflectionInfo.requestSerialize,
    ServerReflectionResponse.decode,
  );
}

/** Asks all questions on one stream. */
function askAll(version: string, questions: readonly Question[]): Promise<(Answer | undefined)[]> {
  return new Promise((resolve, reject) => {
    const answers: (Answer | undefined)[] = [];
    const stream = open(version);
    stream.on('data', (answer: ServerReflectionResponse) => answers.push(answer.messageResponse));
    stream.on('error', reject);
    stream.on('end', () => resolve(answers));
    for (const messageRequest of questions) stream.write({ host: '', messageRequest });
    stream.end();
  });
}

async function filesOf(version: string, question: Question) {
  const [answer] = await askAll(version, [question]);
  if (answer?.$case !== 'fileDescriptorResponse') throw new Error(`no files: ${JSON.stringify(answer)}`);
  return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
  it('lists the services', async () => {
    const [answer] = await askAll(version, [{ $case: 'listServices', value: '' }]);
    expect(answer?.value).toEqual({
      service: [
        { name: 'budgetarbiter.v1.BudgetService' },
        { name: 'budgetarbiter.v1.BudgetAdminService' },
        { name: 'grpc.health.v1.Health' },
        { name: 'grpc.reflection.v1.ServerReflection' },
        { name: 'grpc.reflection.v1alpha.ServerReflection' },
      ],
    });
  });

  it.each([
    'budgetarbiter.v1.BudgetAdminService',
    'budgetarbiter.v1.BudgetAdminService.UpdateBudget',
    'budgetarbiter.v1.UpdateBudgetRequest',
    'budgetarbiter.v1.UpdateBudgetRequest.update_mask',
    'budgetarbiter.v1.USAGE_GROUPING_DAY',
  ])('has the file of %s, with all that it depends on', async (symbol) => {
    const file = await filesOf(version, { $case: 'fileContainingSymbol', value: symbol });
    expect(file[0]?.name).toBe('budgetarbiter/v1/budget_admin_service.proto');
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: file.reverse() }));
    expect(registry.getService('budgetarbiter.v1.BudgetAdminService')?.methods).toHaveLength(
      Object.keys(BudgetAdminServiceService).length,
    );
    expect(registry.getMessage('google.protobuf.FieldMask')).toBeDefined();
  });

  it('has files by their names', async () => {
    const files = await filesOf(version, { $case: 'fileByFilename', value: 'budgetarbiter/v1/budget.proto' });
    expect(files.map(({ name }) => name)).toEqual([
      'budgetarbiter/v1/budget.proto',
      'google/protobuf/timestamp.proto',
      'google/protobuf/duration.proto',
    ]);
  });

  it('answers every question of a stream in its turn', async () => {
    const answers = await askAll(version, [
      { $case: 'fileContainingSymbol', value: 'budgetarbiter.v1.Nothing' },
      { $case: 'fileContainingSymbol', value: 'budgetarbiter.v1.Lease.nothing' },
      { $case: 'fileContainingSymbol', value: '' },
      { $case: 'fileByFilename', value: 'nothing.proto' },
      {
        $case: 'fileContainingExtension',
        value: { containingType: 'budgetarbiter.v1.Lease', extensionNumber: 1 },
      },
      { $case: 'allExtensionNumbersOfType', value: 'budgetarbiter.v1.Lease' },
      { $case: 'allExtensionNumbersOfType', value: 'budgetarbiter.v1.Nothing' },
    ]);
    const unknown = { $case: 'errorResponse', value: { errorCode: status.NOT_FOUND } };
    const none = { $case: 'allExtensionNumbersResponse', value: { extensionNumber: [] } };
    const expected = [unknown, unknown, unknown, unknown, unknown, none, unknown];
    expect(answers).toHaveLength(expected.length);
    expect(answers).toMatchObject(expected);
  });

  it('refuses bytes that are no question', async () => {
    const error = await new Promise((resolve) => {
      const stream = open(version, () => Buffer.of(0xff, 0xff));
      stream.on('error', (failure) => resolve(failed(failure as never)));
      stream.on('data', () => {});
      stream.write({ host: '', messageRequest: undefined });
    });
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'MALFORMED_MESSAGE' });
  });
});

it('ends open streams when it drains', async () => {
  const other = await startHarness();
  const stream = other.budgets.makeBidiStreamRequest(
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    ServerReflectionClient.service.serverReflectionInfo.requestSerialize,
    ServerReflectionResponse.decode,
  );
  const answered = new Promise((resolve) => stream.on('data', resolve));
  const ended = new Promise((resolve) => stream.on('error', (error) => resolve(failed(error as never))));
  stream.write({ host: '', messageRequest: { $case: 'listServices', value: '' } });
  await answered;
  await other.server.drain(5_000);
  expect(await ended).toMatchObject({ code: status.UNAVAILABLE, reason: 'SHUTTING_DOWN' });
  other.stop();
});
