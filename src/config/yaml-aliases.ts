import { type Alias, type Document, isAlias, isCollection, isNode, isPair, Lexer } from 'yaml';

/** For somebody who wrote a pattern of budget ids as it is. */
export const QUOTE_STARS = `what begins with * refers to an anchor in YAML: a pattern must stand in quotes, such as '*' or 'team-*'`;

/** What the lexer puts before the text of a scalar, which may begin with anything. */
const SCALAR = '\x1f';
/** What it puts for the beginning of a document and for a broken list: none of the text. */
const MARKS: ReadonlySet<string> = new Set(['\x02', '\x18']);

/** Where the first alias beyond `most` of them stands: found before anything is made of the text. */
export function aliasBeyond(text: string, most: number): number | undefined {
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
export function aliasProblems(document: Document, mostRepeated: number): AliasProblem[] {
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
