import {
  type Alias,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from 'yaml';

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

/** As much as Kubernetes puts into one ConfigMap or Secret. Nothing else is done while a text is read. */
const MOST_CHARACTERS = 1_048_576;
/** Each counts once, whatever it stands for. */
const MOST_ALIASES = 100;
/** What aliases of aliases may stand for, beyond what is written out: a small file would become a huge value. */
const MOST_REPEATED = 100_000;

export function readYaml(file: string, text: string): YamlSource {
  if (text.length > MOST_CHARACTERS) {
    return failedSource({ place: `${file}:1:1`, message: 'it is longer than 1 MiB, the most that is read' });
  }
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

/** The steps of a field's name in the API: `policy.max_daily_percent_by_ai["a.b"]`, `policy.fallback_budget_ids[1]`. */
export function pathOf(field: string): YamlPath {
  const steps = field.matchAll(/\.?([a-z0-9_]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g);
  return [...steps].map(([, name, index, key]) => {
    if (index !== undefined) return Number(index);
    return key === undefined ? (name ?? '') : (JSON.parse(key) as string);
  });
}

/** A path for a person: `budgets.anthropic.token_weights_by_model["gpt-4.1"].input_percent`. */
export function pathText(path: YamlPath): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      const name = String(step);
      if (!/^[\w-]+$/.test(name)) return `[${JSON.stringify(name)}]`;
      return index === 0 ? name : `.${name}`;
    })
    .join('');
}

/** For somebody who wrote a pattern of budget ids as it is. */
const QUOTE_STARS = `what begins with * refers to an anchor in YAML: a pattern must stand in quotes, such as '*' or 'team-*'`;

/** What the lexer puts before the text of a scalar, which may begin with anything. */
const SCALAR = '\x1f';
/** What it puts for the beginning of a document and for a broken list: none of the text. */
const MARKS: ReadonlySet<string> = new Set(['\x02', '\x18']);

/** Where the first alias beyond `most` of them stands: found before anything is made of the text. */
function aliasBeyond(text: string, most: number): number | undefined {
  let offset = 0;
  let count = 0;
  let inScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme === SCALAR) {
      inScalar = true;
      continue;
    }
    if (!inScalar && lexeme.startsWith('*')) count += 1;
    if (count > most) return offset;
    inScalar = false;
    if (!MARKS.has(lexeme)) offset += lexeme.length;
  }
  return undefined;
}

interface AliasProblem {
  readonly at: number;
  readonly message: string;
}

/** Aliases of nothing, of what they stand in, and of so many others that a small file would become a huge value. */
function aliasProblems(document: Document, mostRepeated: number): AliasProblem[] {
  const reading = new Reading(mostRepeated);
  reading.sizeOf(document.contents);
  return reading.problems;
}

/** One walk through a document, in its order: an alias means the anchor of its name that stands last above it. */
class Reading {
  readonly problems: AliasProblem[] = [];
  private readonly anchors = new Map<string, { size: number | undefined }>();
  private repeated = 0;

  constructor(private readonly mostRepeated: number) {}

  /** How many values a node comes to, its aliases written out. */
  sizeOf(node: unknown): number {
    if (isPair(node)) return this.sizeOf(node.key) + this.sizeOf(node.value);
    if (isAlias(node)) return this.sizeOfAlias(node);
    if (!isNode(node)) return 0;
    const known: { size: number | undefined } = { size: undefined };
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined) this.anchors.set(anchor, known);
    let size = 1;
    if (isCollection(node)) for (const item of node.items) size += this.sizeOf(item);
    known.size = size;
    return size;
  }

  private sizeOfAlias(alias: Alias): number {
    // The parser complains of it.
    if (alias.source === '') return 1;
    const known = this.anchors.get(alias.source);
    if (known === undefined) return this.wrong(alias, `there is no such anchor above; ${QUOTE_STARS}`);
    if (known.size === undefined) return this.wrong(alias, 'an alias must not stand for what it is in');
    this.repeated += known.size;
    if (this.repeated > this.mostRepeated)
      return this.wrong(alias, 'aliases of aliases come to too many values here');
    return known.size;
  }

  private wrong({ range }: Alias, message: string): number {
    // What follows may rest on it.
    if (this.problems.length < 16) this.problems.push({ at: range?.[0] ?? 0, message });
    return 1;
  }
}
