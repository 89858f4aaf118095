import { setFlagsFromString } from 'node:v8';

/**
 * To be called before the service is loaded, and `bearObjectsYoung` when it serves. What a start makes stays, which V8 takes for a reason to
 * give young objects ten times the room that an idle service needs.
 */
export function startSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/**
 * To be called before there is load. Node 24 bears objects old where many have lived long, and what an old object that is dead points to
 * stays until the next full collection. Where thousands of calls a second live for some milliseconds each, that made nearly every call
 * outlive itself, and be copied when nobody needed it any more. Load gives them more room.
 */
export function bearObjectsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
  setFlagsFromString('--semi-space-growth-factor=2');
}
