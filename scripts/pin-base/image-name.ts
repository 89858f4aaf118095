/** The name of an image, taken apart. */
export interface ImageName {
  /** Of the registry, if the name says it. */
  readonly host?: string;
  /** As the registry calls it: `library/node`. */
  readonly repository: string;
  readonly tag: string;
  /** As it was written, without a digest. */
  readonly text: string;
}

/** Of official images the name leaves out that they are in `library`. */
const OFFICIAL = 'library';

export function imageName(written: string): ImageName | undefined {
  const [text = ''] = written.split('@');
  const [, path = '', tag = 'latest'] =
    /^([a-z0-9][a-z0-9.:/_-]*?)(?::([\w][\w.-]{0,127}))?$/i.exec(text) ?? [];
  const [first = '', ...rest] = path.split('/');
  const namesHost = rest.length > 0 && /[.:]|^localhost$/.test(first);
  const steps = namesHost ? rest : [first, ...rest];
  if (steps.length === 0 || !steps.every((step) => /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/.test(step)))
    return undefined;
  return {
    ...(namesHost ? { host: first } : {}),
    repository: steps.length === 1 && !namesHost ? `${OFFICIAL}/${steps[0]}` : steps.join('/'),
    tag,
    text,
  };
}
