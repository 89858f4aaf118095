import { type FileHeader, readHeader, type TreeHeader } from './file-header.js';
import { FilePages } from './file-pages.js';
import { printableKey } from './keys.js';
import { isIntact } from './value-codec.js';

/** LMDB puts the version of an entry before its value. */
const VERSION_BYTES = 8;

/**
 * Reads the whole file before LMDB opens it, and refuses one that is damaged: LMDB dies of a signal where a file is shorter
 * than it says, and answers wrongly, or dies, where a page is not what it should be. It takes 0.1 s for 50 MB.
 */
export function checkFile(path: string): void {
  const pages = FilePages.open(path);
  if (pages === undefined) return;
  try {
    const header = readHeader(pages);
    const free = (_: Buffer, list: Buffer) => takeFreePages(pages, header, list);
    new TreeWalk(pages, header, header.freePages, compareNumbers, free).run();
    new TreeWalk(pages, header, header.entries, Buffer.compare, (key, value) =>
      checkValue(pages, key, value),
    ).run();
  } finally {
    pages.close();
  }
}

function checkValue(pages: FilePages, key: Buffer, value: Buffer): void {
  const stored = value.subarray(VERSION_BYTES);
  if (value.length >= VERSION_BYTES && isIntact(key, value.readDoubleLE(), stored)) return;
  throw pages.damaged(`the value of ${printableKey(key)} fails its checksum`);
}

/**
 * A list begins with its length; a negative number is the length of a run, whose first page follows; 0 is a gap. A page that
 * is on a list and in use would be written over. The file may end before free pages that stand last: seen in 16 of 360 files.
 */
function takeFreePages(pages: FilePages, { lastPage }: FileHeader, list: Buffer): void {
  const entry = (index: number) =>
    index * 8 + 8 <= list.length ? Number(list.readBigInt64LE(index * 8)) : NaN;
  const length = entry(0);
  if (!(length >= 0 && length * 8 < list.length))
    throw pages.damaged('a list of free pages is longer than it can be');
  for (let index = 1; index <= length; index += 1) {
    let page = entry(index);
    if (page === 0) continue;
    const count = page < 0 ? -page : 1;
    if (page < 0) {
      index += 1;
      page = entry(index);
    }
    if (!(page >= 2 && page + count - 1 <= lastPage))
      throw pages.damaged(`page ${page} is free, and none of its own`);
    pages.claim(page, count);
  }
}

/** The keys of free pages are transactions. */
function compareNumbers(a: Buffer, b: Buffer): number {
  if (a.length !== 8 || b.length !== 8) return 0;
  return Number(a.readBigUInt64LE() - b.readBigUInt64LE());
}

/** Called with every entry, in order. */
type OnEntry = (key: Buffer, value: Buffer) => void;

/** A page begins with its number (8 bytes), a transaction (8), 2 unused bytes, flags (2), and the bounds of its free space. */
const PAGE_HEADER = 24;
const FLAGS_AT = 18;
const LOWER_AT = 20;
const UPPER_AT = 22;
const PAGE_COUNT_AT = 20;
const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;

/** A node begins with two halves of a size or page number (2 + 2 bytes), flags (2) and the length of its key (2). */
const NODE_HEADER = 8;
const ELSEWHERE = 0x01;
/** Where a value has pages of its own, the node says which: number, transaction, count. */
const REFERENCE_BYTES = 24;

interface Node {
  readonly key: Buffer;
  /** Of a leaf: the size of the value. */
  readonly size: number;
  readonly flags: number;
  /** Where what follows the key begins. */
  readonly rest: number;
}

/**
 * Reads a whole tree and holds it to everything that LMDB takes for granted: pages are where they should be, of the right
 * kind, within the file and used once; nodes are within their page; keys rise; the counts are those of the header.
 */
class TreeWalk {
  private branchPages = 0;
  private leafPages = 0;
  private overflowPages = 0;
  private entries = 0;
  private lastKey: Buffer | undefined;

  constructor(
    private readonly pages: FilePages,
    private readonly header: FileHeader,
    private readonly tree: TreeHeader,
    private readonly compare: (a: Buffer, b: Buffer) => number,
    private readonly onEntry: OnEntry,
  ) {}

  run(): void {
    const { root, depth } = this.tree;
    if (root !== undefined) this.page(root, depth, undefined);
    const { branchPages, leafPages, overflowPages, entries } = this.tree;
    const found = [this.branchPages, this.leafPages, this.overflowPages, this.entries].join(', ');
    const told = [branchPages, leafPages, overflowPages, entries].join(', ');
    if (found !== told)
      throw this.pages.damaged(`it holds ${found} pages and entries, its header says ${told}`);
  }

  /** `least`: no key of this page or below it is smaller; LMDB would look for such a key elsewhere. */
  private page(number: number, level: number, least: Buffer | undefined): void {
    const page = this.take(number, 1);
    const kind = page.readUInt16LE(FLAGS_AT);
    if (level < 1 || kind !== (level > 1 ? BRANCH : LEAF))
      throw this.bad(number, 'of another kind than expected');
    const lower = page.readUInt16LE(LOWER_AT) + PAGE_HEADER;
    const upper = page.readUInt16LE(UPPER_AT) + PAGE_HEADER;
    if (lower > upper || upper > page.length || lower % 2 !== 0) throw this.bad(number, 'without an order');
    for (let at = PAGE_HEADER; at < lower; at += 2) {
      const node = this.node(number, page, page.readUInt16LE(at) + PAGE_HEADER, upper);
      if (kind === LEAF) this.leaf(number, page, node, at === PAGE_HEADER ? least : undefined);
      else this.child(number, node, level, at === PAGE_HEADER ? undefined : node.key, least);
    }
    if (kind === LEAF) this.leafPages += 1;
    else this.branchPages += 1;
  }

  /** The first key of a branch is not used: what is below it begins where the branch itself does. */
  private child(
    number: number,
    node: Node,
    level: number,
    key: Buffer | undefined,
    least: Buffer | undefined,
  ): void {
    if (key && this.lastKey && this.compare(this.lastKey, key) >= 0)
      throw this.bad(number, 'with keys that do not rise');
    this.page(childOf(node), level - 1, key ?? least);
  }

  private node(number: number, page: Buffer, at: number, upper: number): Node {
    if (at < upper || at + NODE_HEADER > page.length) throw this.bad(number, 'with an entry outside of it');
    const rest = at + NODE_HEADER + page.readUInt16LE(at + 6);
    if (rest > page.length) throw this.bad(number, 'with a key that ends outside of it');
    return {
      key: page.subarray(at + NODE_HEADER, rest),
      size: page.readUInt32LE(at),
      flags: page.readUInt16LE(at + 4),
      rest,
    };
  }

  private leaf(
    number: number,
    page: Buffer,
    { key, size, flags, rest }: Node,
    least: Buffer | undefined,
  ): void {
    const before = this.lastKey;
    if (before && this.compare(before, key) >= 0) throw this.bad(number, 'with keys that do not rise');
    if (least && this.compare(least, key) > 0) throw this.bad(number, 'with a key that belongs before it');
    this.lastKey = key;
    this.entries += 1;
    if ((flags & ~ELSEWHERE) !== 0) throw this.bad(number, 'with an entry of an unknown kind');
    const elsewhere = (flags & ELSEWHERE) !== 0;
    if (rest + (elsewhere ? REFERENCE_BYTES : size) > page.length) {
      throw this.bad(number, 'with a value that ends outside of it');
    }
    const value = elsewhere
      ? this.overflow(Number(page.readBigUInt64LE(rest)), Number(page.readBigUInt64LE(rest + 16)), size)
      : page.subarray(rest, rest + size);
    this.onEntry(key, value);
  }

  private overflow(number: number, count: number, size: number): Buffer {
    if (count < 1 || PAGE_HEADER + size > count * this.header.pageSize)
      throw this.bad(number, 'too short for its value');
    const pages = this.take(number, count);
    const isOverflow = pages.readUInt16LE(FLAGS_AT) === OVERFLOW;
    if (!isOverflow || pages.readUInt32LE(PAGE_COUNT_AT) !== count) throw this.bad(number, 'not of a value');
    this.overflowPages += count;
    return pages.subarray(PAGE_HEADER, PAGE_HEADER + size);
  }

  private take(number: number, count: number): Buffer {
    const { pageSize, lastPage } = this.header;
    if (!Number.isSafeInteger(number + count) || number < 2 || number + count - 1 > lastPage) {
      throw this.bad(number, `not one of its ${lastPage + 1}`);
    }
    this.pages.claim(number, count);
    const pages = this.pages.read(number * pageSize, count * pageSize);
    if (Number(pages.readBigUInt64LE(0)) !== number) throw this.bad(number, 'another one');
    return pages;
  }

  private bad(number: number, what: string): Error {
    return this.pages.damaged(`page ${number} is ${what}`);
  }
}

/** Of 6 bytes: the flags are the highest two. */
function childOf({ size, flags }: Node): number {
  return flags * 2 ** 32 + size;
}
