import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What the image says about how to run it. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly WorkingDir: string;
  readonly Entrypoint: readonly string[];
  readonly Volumes: Readonly<Record<string, object>>;
  readonly Healthcheck: { readonly Test: readonly string[] };
}

export interface Image {
  readonly name: string;
  readonly config: ImageConfig;
  /** What it adds to its base, uncompressed. */
  readonly addedBytes: number;
}

export interface Result {
  readonly code: number;
  readonly output: string;
}

const STORAGE = { ...process.env, STORAGE_DRIVER: process.env['STORAGE_DRIVER'] ?? 'vfs' };

/** Runs a command to its end, whatever its exit code. */
export async function run(command: string, ...args: string[]): Promise<Result> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, { env: STORAGE, maxBuffer: 1 << 26 });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    if (typeof code !== 'number') throw error;
    return { code, output: stdout + stderr };
  }
}

/** Runs a command that must succeed; gives what it printed. */
export async function must(command: string, ...args: string[]): Promise<string> {
  const { code, output } = await run(command, ...args);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${code}\n${output}`);
  return output.trim();
}

async function inspect(name: string): Promise<{ config: ImageConfig; bytes: number }> {
  const { Docker, Manifest } = JSON.parse(await must('buildah', 'inspect', '--type', 'image', name));
  const layers = JSON.parse(Manifest).layers as { size: number }[];
  return { config: Docker.config, bytes: layers.reduce((sum, { size }) => sum + size, 0) };
}

/** Builds the Dockerfile on the base image that BASE_IMAGE names, or on its own default. */
export async function buildImage(name: string): Promise<Image> {
  const base = process.env['BASE_IMAGE'];
  const chosen = base === undefined ? [] : ['--build-arg', `BASE=${base}`];
  // Without --format docker the HEALTHCHECK would be dropped.
  await must('buildah', 'bud', '--isolation', 'chroot', '--format', 'docker', ...chosen, '--tag', name, '.');
  const { config, bytes } = await inspect(name);
  return { name, config, addedBytes: bytes - (await inspect(base ?? 'node:24-slim')).bytes };
}

export async function removeImage({ name }: Image): Promise<void> {
  await run('buildah', 'rmi', name);
}
