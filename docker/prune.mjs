import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Removes what no running service reads: sources, maps, manuals, typings, and native builds for other machines. */
const SOURCE = /\.(ts|mts|cts|map)$/i;
const MANUAL = /\.(md|markdown)$/i;
/** What a licence wants kept beside the code, also where it is written in Markdown. */
const LEGAL = /^(licen[cs]e|copying|copyright|notice|third[-_]?party)/i;
const UNREAD_FOLDERS = /^(@types|undici-types)$/;

const libc = process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
const here = `${process.platform}-${process.arch}`;

function isUnread(name) {
  return SOURCE.test(name) || (MANUAL.test(name) && !LEGAL.test(name));
}

function isForeignBuild(folder, name) {
  if (/\/prebuilds$/.test(folder)) return !name.startsWith(here);
  if (!name.endsWith('.node')) return false;
  const [, abi] = /\.abi(\d+)\./.exec(name) ?? [];
  const [, builtFor] = /\.(glibc|musl)\./.exec(name) ?? [];
  return (
    (abi !== undefined && abi !== process.versions.modules) || (builtFor !== undefined && builtFor !== libc)
  );
}

function prune(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const unread = entry.isDirectory() ? UNREAD_FOLDERS.test(entry.name) : isUnread(entry.name);
    if (unread || isForeignBuild(folder, entry.name)) rmSync(path, { recursive: true });
    else if (entry.isDirectory()) prune(path);
  }
}

process.argv.slice(2).forEach(prune);
