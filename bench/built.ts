/**
 * The service as `npm run build` compiled it: what tsx makes of the sources carries a call more for each function, which
 * would be measured along.
 */
export async function built<Module>(path: string): Promise<Module> {
  return (await import(new URL(`../dist/${path}`, import.meta.url).href)) as Module;
}
