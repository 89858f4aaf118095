import { build } from 'esbuild';

/**
 * The last step of the build: one script and one sheet of styles, without what browsers do not read, and the files that need neither.
 * A browser that opens the page asks for them once, and for nothing that they would name.
 */
const TO = 'dist/pages/dashboard';

await build({
  entryPoints: ['dashboard/main.ts', 'dashboard/static/page.css'],
  ...{ outdir: TO, entryNames: '[name]', bundle: true, minify: true, format: 'esm' },
  ...{ target: 'es2022', charset: 'utf8', legalComments: 'none', logLevel: 'warning' },
});
await build({
  entryPoints: ['dashboard/static/index.html', 'dashboard/static/icon.svg'],
  ...{ outdir: TO, loader: { '.html': 'copy', '.svg': 'copy' }, logLevel: 'warning' },
});
