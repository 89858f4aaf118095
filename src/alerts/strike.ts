const STRUCK = '***';
/** So many letters and digits in a row that a secret has, too, are taken for a part of it. */
const RUN = 6;

/**
 * A text of somebody who was shown secrets, without what it echoes of them: whole or in part, in either case, and however
 * they are encoded. Strikes too much rather than too little: a word of an ordinary path goes, too.
 */
export function struck(text: string, secrets: readonly string[]): string {
  const known = new Known(secrets.flatMap((secret) => [secret, plain(secret)]));
  const shown = plain(text);
  const marks = new Uint8Array(shown.length);
  known.markRuns(shown, marks);
  known.markWords(shown, marks);
  return withoutMarked(shown, marks);
}

class Known {
  private readonly runs = new Set<string>();
  /** Parts that are shorter than a run count as whole words; but not an ordinary one, such as `hook`. */
  private readonly words = new Set<string>();

  constructor(secrets: readonly string[]) {
    for (const secret of secrets) {
      const { letters } = lettersOf(secret);
      for (let at = 0; at + RUN <= letters.length; at += 1) this.runs.add(letters.slice(at, at + RUN));
      for (const [word] of secret.matchAll(WORD))
        if (!/^\p{Ll}+$/u.test(word)) this.words.add(word.toLowerCase());
    }
  }

  /** Whatever stands between the letters and digits: an echo may have other signs there. */
  markRuns(text: string, marks: Uint8Array): void {
    const { letters, places } = lettersOf(text);
    for (let at = 0; at + RUN <= letters.length; at += 1) {
      if (!this.runs.has(letters.slice(at, at + RUN))) continue;
      marks.fill(1, places[at], (places[at + RUN - 1] ?? 0) + 1);
    }
  }

  markWords(text: string, marks: Uint8Array): void {
    for (const { 0: word, index } of text.matchAll(WORD)) {
      if (this.words.has(word.toLowerCase())) marks.fill(1, index, index + word.length);
    }
  }
}

const WORD = /[\p{L}\p{N}]{3,}/gu;

function lettersOf(text: string): { readonly letters: string; readonly places: readonly number[] } {
  const places: number[] = [];
  let letters = '';
  for (const { 0: sign, index } of text.matchAll(/[a-z0-9]/gi)) {
    letters += sign.toLowerCase();
    places.push(index);
  }
  return { letters, places };
}

/** Without the ways to write a sign that answers come in: of URLs, of HTML, of JSON; one within the other, too. */
function plain(text: string): string {
  let shown = text;
  for (let round = 0; round < 3; round += 1) {
    shown = shown
      .replace(/(?:%[0-9a-f]{2})+/gi, (bytes) =>
        Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'),
      )
      .replace(/\\u00([0-9a-f]{2})|&#x([0-9a-f]{1,4});|&#(\d{1,5});/gi, (_all, json, hex, decimal) =>
        String.fromCharCode(decimal === undefined ? Number.parseInt(json ?? hex, 16) : Number(decimal)),
      )
      .replace(/\\([/"\\])/g, '$1')
      .replaceAll('&amp;', '&');
  }
  return shown;
}

/** Marked stretches with nothing but signs between them are one. */
function withoutMarked(text: string, marks: Uint8Array): string {
  let shown = '';
  let open = false;
  for (let at = 0; at < text.length; at += 1) {
    if (marks[at] === 1) {
      if (!open) shown += STRUCK;
      open = true;
    } else {
      shown += text[at];
      open = false;
    }
  }
  return shown;
}
