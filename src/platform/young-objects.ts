import { setFlagsFromString } from 'node:v8';

/**
 * To be called before the service is loaded, and `bearObjectsYoung` when it serves. What a start makes stays, which V8 takes for a reason to
 * give young objects all the room that they may have: ten times what an idle service needs.
 */
export function startSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/**
 * To be called when the service serves: what V8 compiles from then on, and what load makes, goes by it. Node 24 bears objects old where many have lived long, and what an old object that is dead points to
 * stays until the next full collection. Where thousands of calls a second live for some milliseconds each, that made nearly every call
 * outlive itself, and be copied when nobody needed it any more. From now on their room grows with load.
 */
export function bearObjectsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
  setFlagsFromString('--semi-space-growth-factor=2');
}
