import type {
  AnyDesc,
  DescEnum,
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
  DescOneof,
  DescService,
} from '@bufbuild/protobuf';

/** Numbers of the fields that hold what is declared, in a file, message, enum or service of the descriptors. */
const MESSAGES = 4;
const ENUMS = 5;
const SERVICES = 6;
const MEMBERS = 2;
const ONEOFS = 8;

type Commented = DescMessage | DescEnum | DescField | DescOneof | DescMethod | DescService;

const byFile = new Map<DescFile, Map<string, string>>();

/** What the proto file says of something, as Markdown with the line breaks of paragraphs only. */
export function commentOf(desc: Commented): string {
  const file = fileOf(desc);
  const comments = byFile.get(file) ?? readComments(file);
  byFile.set(file, comments);
  return comments.get(pathOf(desc).join('.')) ?? '';
}

function readComments(file: DescFile): Map<string, string> {
  const locations = file.proto.sourceCodeInfo?.location ?? [];
  return new Map(locations.map(({ path, leadingComments }) => [path.join('.'), tidy(leadingComments)]));
}

function tidy(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim()
    .replace(/([^\n])\n(?![\n*])/g, '$1 ');
}

function fileOf(desc: Commented): DescFile {
  return desc.kind === 'field' || desc.kind === 'oneof' || desc.kind === 'rpc' ? desc.parent.file : desc.file;
}

function pathOf(desc: AnyDesc): number[] {
  switch (desc.kind) {
    case 'message':
      if (desc.parent !== undefined)
        throw new Error(`${desc.typeName}: nested messages have no comments here`);
      return [MESSAGES, desc.file.messages.indexOf(desc)];
    case 'enum':
      return [ENUMS, desc.file.enums.indexOf(desc)];
    case 'service':
      return [SERVICES, desc.file.services.indexOf(desc)];
    case 'field':
      return [...pathOf(desc.parent), MEMBERS, desc.parent.fields.indexOf(desc)];
    case 'oneof':
      return [...pathOf(desc.parent), ONEOFS, desc.parent.oneofs.indexOf(desc)];
    case 'rpc':
      return [...pathOf(desc.parent), MEMBERS, desc.parent.methods.indexOf(desc)];
    default:
      throw new Error(`${desc.toString()} has no comment here`);
  }
}
