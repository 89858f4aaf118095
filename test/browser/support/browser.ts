import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];
/** What has not come by then does not come: a test that fails says so within its own time. */
const WAIT_MS = 15_000;
const CHROMIUM = '/usr/bin/chromium';

export interface Screen {
  readonly width?: number;
  readonly dark?: boolean;
  readonly locale?: string;
}

/** A real browser with a profile of its own. */
export class Browser {
  private readonly contexts: { context: BrowserContext; profile: string }[] = [];
  /** What any page complained of. */
  readonly complaints: string[] = [];

  async page({ width = 1280, dark = false, locale = 'en-GB' }: Screen = {}): Promise<Page> {
    const profile = await mkdtemp(join(tmpdir(), 'arbiter-browser-'));
    const context = await chromium.launchPersistentContext(profile, {
      ...{ executablePath: CHROMIUM, args: FLAGS, locale },
      ...{ viewport: { width, height: width < 600 ? 844 : 900 }, colorScheme: dark ? 'dark' : 'light' },
      acceptDownloads: true,
    });
    context.setDefaultTimeout(WAIT_MS);
    this.contexts.push({ context, profile });
    const page = context.pages()[0] ?? (await context.newPage());
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      const expected = /Failed to load resource|ERR_(CONNECTION|INCOMPLETE|EMPTY)/.test(message.text());
      if (message.type() === 'error' && !expected) this.complaints.push(message.text());
    });
    return page;
  }

  async close(): Promise<void> {
    for (const { context, profile } of this.contexts.splice(0)) {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  }
}
