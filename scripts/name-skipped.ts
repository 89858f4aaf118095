import type { Reporter, TestModule } from 'vitest/node';

/** Names every test that did not run, since a count alone hides what was not shown. */
export class NameSkipped implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const result = test.result();
        const reason = result.state === 'skipped' && result.note ? ` (${result.note})` : '';
        console.log(`skipped: ${module.relativeModuleId} > ${test.fullName}${reason}`);
      }
    }
  }
}
