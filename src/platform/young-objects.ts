import { setFlagsFromString } from 'node:v8';

/**
 * To be called before there is load. Node 24 bears objects old where many have lived long, and what an old object that is dead points to
 * stays until the next full collection. Where thousands of calls a second live for some milliseconds each, that made nearly every call
 * outlive itself, and be copied when nobody needed it any more.
 */
export function bearObjectsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
