import {
  createFileRegistry,
  type DescFile,
  type DescMethod,
  type FileRegistry,
  fromBinary,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { descriptorSetBase64 } from '../../gen/descriptor-set.js';

let loaded: FileRegistry | undefined;

/** Everything in proto/ and what it imports. Read when first needed: reflection and odd requests, never the usual path. */
export function descriptors(): FileRegistry {
  loaded ??= createFileRegistry(
    fromBinary(FileDescriptorSetSchema, Buffer.from(descriptorSetBase64, 'base64')),
  );
  return loaded;
}

/** The method that is called at a path, `/budgetarbiter.v1.BudgetService/AcquireSlot`. */
export function methodAt(path: string): DescMethod {
  const [, service = '', name] = path.split('/');
  const method = descriptors()
    .getService(service)
    ?.methods.find((candidate) => candidate.name === name);
  if (method === undefined) throw new Error(`the descriptor set lacks ${path}: run npm run generate`);
  return method;
}

/** The file and all that it depends on, each before what it needs: some clients take no other than the first for it. */
export function fileWithDependencies(file: DescFile): Buffer[] {
  const files = new Set<DescFile>();
  const visit = (next: DescFile): void => {
    if (files.has(next)) return;
    next.dependencies.forEach(visit);
    files.add(next);
  };
  visit(file);
  return [...files].reverse().map(({ proto }) => Buffer.from(toBinary(FileDescriptorProtoSchema, proto)));
}

/** The file that declares a symbol: a message, enum or service, or a member of one. */
export function fileOfSymbol(symbol: string): DescFile | undefined {
  const registry = descriptors();
  const declared = registry.get(symbol);
  if (declared !== undefined) return declared.file;
  const dot = symbol.lastIndexOf('.');
  if (dot < 0) return undefined;
  const member = symbol.slice(dot + 1);
  const parent = registry.get(symbol.slice(0, dot));
  switch (parent?.kind) {
    case 'message':
      return [...parent.fields, ...parent.oneofs].some(({ name }) => name === member)
        ? parent.file
        : undefined;
    case 'service':
      return parent.methods.some(({ name }) => name === member) ? parent.file : undefined;
    default:
      return enumValueFile(symbol.slice(0, dot), member);
  }
}

/** The values of an enum are named beside it, not within it. */
function enumValueFile(scope: string, member: string): DescFile | undefined {
  for (const type of descriptors()) {
    if (type.kind !== 'enum') continue;
    const ownScope = type.typeName.slice(0, type.typeName.lastIndexOf('.'));
    if (ownScope === scope && type.values.some(({ name }) => name === member)) return type.file;
  }
  return undefined;
}
