import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLError } from 'yaml';
import { aliasBeyond, aliasProblems, QUOTE_STARS } from './yaml-aliases.js';

export type YamlPath = readonly PropertyKey[];

/** One thing that is wrong, and where. */
export interface Problem {
  readonly place: string;
  readonly message: string;
}

/** A YAML text as plain values, which knows where each of them stands. */
export interface YamlSource {
  readonly value: unknown;
  /** The text is not YAML, or has a key twice. */
  readonly problems: readonly Problem[];
  /** `file:line:column` of the value that a path leads to, or of its key; if it leads nowhere, of what is nearest. */
  place(path: YamlPath, part?: 'key' | 'value'): string;
}

/** Each counts once, whatever it stands for. */
const MOST_ALIASES = 100;
/** What aliases of aliases may stand for, beyond what is written out: a small file would become a huge value. */
const MOST_REPEATED = 100_000;

export function readYaml(file: string, text: string): YamlSource {
  const crowd = aliasBeyond(text, MOST_ALIASES);
  if (crowd !== undefined) {
    const message = `more than ${MOST_ALIASES} aliases (*name): write out what some of them stand for`;
    return failedSource({ place: `${file}:${lineOf(text, crowd)}:1`, message });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });

  function placeOf(offset: number): string {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  }
  const problems = document.errors.map((error) => ({
    place: placeOf(error.pos[0]),
    message: complaintOf(error),
  }));
  for (const { at, message } of aliasProblems(document, MOST_REPEATED))
    problems.push({ place: placeOf(at), message });
  return {
    // Counted above, and bounded in what they come to.
    value: problems.length === 0 ? document.toJS({ maxAliasCount: -1 }) : undefined,
    problems,
    place(path, part = 'value') {
      let node: unknown = document.contents;
      let offset = startOf(node) ?? 0;
      for (const [index, step] of path.entries()) {
        if (isAlias(node)) node = node.resolve(document);
        const found = childOf(node, step);
        if (found === undefined) break;
        const wantsKey = part === 'key' && index === path.length - 1;
        offset = (wantsKey ? undefined : startOf(found.value)) ?? startOf(found.key) ?? offset;
        node = found.value;
      }
      return placeOf(offset);
    },
  };
}

function failedSource(problem: Problem): YamlSource {
  return { value: undefined, problems: [problem], place: () => problem.place };
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** What the parser says, but nothing that it quotes of the file: it may be a secret. */
function complaintOf({ code, message }: YAMLError): string {
  if (code === 'BAD_ALIAS') return QUOTE_STARS;
  return message
    .replace(/\s+/g, ' ')
    .replace(/: ["!%].*$/, '')
    .trim();
}

function childOf(
  node: unknown,
  step: PropertyKey,
): { readonly key: unknown; readonly value: unknown } | undefined {
  if (isMap(node)) {
    return node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
  }
  return isSeq(node) && typeof step === 'number' ? { key: undefined, value: node.items[step] } : undefined;
}

/** Where a node begins. An empty one has no place of its own: its key's is more telling. */
function startOf(node: unknown): number | undefined {
  const { range } = (node ?? {}) as Partial<Node>;
  if (range === undefined || range === null) return undefined;
  return range[0] === range[1] ? undefined : range[0];
}
