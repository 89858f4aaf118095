import { readFileSync } from 'node:fs';
import { endWith, npmCommand, optionsOf, typed, UsageError } from '../npm-command.js';
import { imageName } from './image-name.js';
import { digestOf, RegistryError } from './registry.js';

/** `npm run pin:base`: the base image by digest, for a build that comes out the same tomorrow. */
const DOCKERFILE = new URL('../../Dockerfile', import.meta.url);
const PLATFORMS = ['linux/amd64', 'linux/arm64'];

const { image, registry } = optionsOf<{ image?: string; registry?: string }>(
  npmCommand(
    'pin:base',
    'Prints the base image with the digest that its tag has now, for the build argument BASE.',
  )
    .option('--image <name>', 'which one (default: BASE_IMAGE, or what the Dockerfile names)')
    .option('--registry <host>', 'whom to ask, if the name does not say it (default: BASE_REGISTRY)'),
  typed(),
);
try {
  const { BASE_IMAGE, BASE_REGISTRY } = process.env;
  const written = image ?? (BASE_IMAGE || namedInDockerfile());
  const name = imageName(written);
  if (name === undefined) throw new UsageError(`${written} is not the name of an image`);
  const host = name.host ?? registry ?? (BASE_REGISTRY || undefined);
  if (host === undefined)
    throw new UsageError(`${written} names no registry: say whom to ask with --registry or BASE_REGISTRY`);
  console.log(`${name.text}@${await digestOf(name, host, PLATFORMS)}`);
} catch (error) {
  if (!(error instanceof RegistryError)) endWith(error);
  console.error(error.message);
  process.exit(1);
}

function namedInDockerfile(): string {
  return /^ARG BASE=(\S+)$/m.exec(readFileSync(DOCKERFILE, 'utf8'))?.[1] ?? '';
}
