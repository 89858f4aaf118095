import type { FilePages } from './file-pages.js';

/** One tree of a file: that of the free pages, or that of the entries. */
export interface TreeHeader {
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  /** Undefined for an empty tree. */
  readonly root: number | undefined;
}

export interface FileHeader {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: number;
  readonly freePages: TreeHeader;
  readonly entries: TreeHeader;
}

/** The first two pages tell of the whole file, each as of one transaction; after 24 bytes that begin every page. */
const HEADER_BYTES = 160;
const FLAGS_AT = 18;
const META_PAGE = 0x08;
const MAGIC_AT = 24;
const MAGIC = 0xbeefc0de;
const VERSION_AT = 28;
const VERSION = 2;
const MAP_BYTES_AT = 40;
const PAGE_SIZE_AT = 48;
const FREE_PAGES_AT = 48;
const ENTRIES_AT = 96;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;
/** Numbers as keys, and a file that is not in a folder of its own. */
const FREE_PAGES_FLAGS = 0x4008;
/** Entries with versions. Another order of the keys, or several values of one key, would be other flags. */
const ENTRIES_FLAGS = 0x0100;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** What the newer of the two says, which is the one that LMDB goes by. */
export function readHeader(pages: FilePages): FileHeader {
  const first = headerAt(pages, 0, 0);
  const second = headerAt(pages, first.pageSize, 1);
  if (second.pageSize !== first.pageSize) throw pages.damaged('its two headers differ in the size of a page');
  // Transactions take turns with the two, so that the older is of the one just before. A new file has 0 in both. A header
  // that fell behind would bring back an old state, in which tokens are free that were spent.
  const fresh = first.transaction === 0 && second.transaction === 0;
  const inTurn = first.transaction % 2 === 0 && (fresh || second.transaction % 2 === 1);
  if (!inTurn || Math.abs(first.transaction - second.transaction) > 1) {
    throw pages.damaged(`its headers are of transactions ${first.transaction} and ${second.transaction}`);
  }
  return second.transaction > first.transaction ? second : first;
}

/** Where the pages end that LMDB uses; right also while it writes, since a file never uses fewer. */
export function usedBytes(pages: FilePages): number {
  const { pageSize, lastPage } = headerAt(pages, 0, 0);
  return (Math.max(lastPage, headerAt(pages, pageSize, 1).lastPage) + 1) * pageSize;
}

function headerAt(pages: FilePages, position: number, index: number): FileHeader {
  if (pages.bytes < position + HEADER_BYTES) throw pages.damaged(`header ${index} is missing`);
  const bytes = pages.read(position, HEADER_BYTES);
  const pageSize = bytes.readUInt32LE(PAGE_SIZE_AT);
  const known =
    bytes.readUInt32LE(MAGIC_AT) === MAGIC &&
    (bytes.readUInt32LE(VERSION_AT) & 0xffff) === VERSION &&
    bytes.readUInt16LE(FLAGS_AT) === META_PAGE &&
    bytes.readUInt16LE(FREE_PAGES_AT + 4) === FREE_PAGES_FLAGS &&
    (bytes.readUInt16LE(ENTRIES_AT + 4) === ENTRIES_FLAGS || isNew(bytes)) &&
    Number(bytes.readBigUInt64LE(0)) === index;
  const possible = pageSize >= 512 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0;
  if (!known || !possible) throw pages.damaged(`header ${index} is not one of LMDB`);
  const lastPage = Number(bytes.readBigUInt64LE(LAST_PAGE_AT));
  const mapBytes = Number(bytes.readBigUInt64LE(MAP_BYTES_AT));
  if ((lastPage + 1) * pageSize > mapBytes) throw pages.damaged(`header ${index} tells of ${lastPage} pages`);
  return {
    pageSize,
    lastPage,
    transaction: Number(bytes.readBigUInt64LE(TRANSACTION_AT)),
    freePages: treeAt(bytes, FREE_PAGES_AT),
    entries: treeAt(bytes, ENTRIES_AT),
  };
}

/** Its maker died before the first entry. */
function isNew(bytes: Buffer): boolean {
  return bytes.readUInt16LE(ENTRIES_AT + 4) === 0 && treeAt(bytes, ENTRIES_AT).root === undefined;
}

function treeAt(bytes: Buffer, at: number): TreeHeader {
  const root = bytes.readBigUInt64LE(at + 40);
  return {
    depth: bytes.readUInt16LE(at + 6),
    branchPages: Number(bytes.readBigUInt64LE(at + 8)),
    leafPages: Number(bytes.readBigUInt64LE(at + 16)),
    overflowPages: Number(bytes.readBigUInt64LE(at + 24)),
    entries: Number(bytes.readBigUInt64LE(at + 32)),
    root: root === NO_PAGE ? undefined : Number(root),
  };
}
