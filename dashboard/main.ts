import type { SessionData } from '../src/http/dashboard/page-data.js';
import { shownAddress } from './address.js';
import { Api, messageOf } from './api.js';
import { BudgetView } from './budget-view.js';
import { ConnectionBadge } from './connection-badge.js';
import { cancelQuestions, notice } from './dialog.js';
import { byId, fill, h } from './dom.js';
import { OverviewView } from './overview-view.js';
import { PolicyView } from './policy-view.js';
import { ScopeView } from './scope-view.js';
import { ServerClock } from './server-clock.js';
import { SignInView } from './sign-in-view.js';
import { UsageView } from './usage-view.js';
import type { PageContext, View } from './view.js';

const BUDGET = /^\/budgets\/([^/]+)(?:\/|$)/;
const POLICY = /^\/budgets\/[^/]+\/policy$/;
const USAGE = /^\/budgets\/[^/]+\/usage$/;
const SCOPE = /^\/budgets\/[^/]+\/(ais|teams)\/([^/]+)$/;
const SECOND_MS = 1_000;

/** The page: its header, and the view that its address names. */
class Page {
  private readonly api = new Api();
  private readonly clock = new ServerClock();
  private readonly connection = new ConnectionBadge(this.clock);
  private readonly context: PageContext = {
    ...{ api: this.api, clock: this.clock, connection: this.connection },
    isSignedIn: () => this.isSignedIn(),
    signedOut: () => this.signedOut(),
  };
  private view: View | undefined;
  private shownPath: string | undefined;

  async start(): Promise<void> {
    this.api.onSignedOut = () => this.signedOut();
    addEventListener('hashchange', () => this.show());
    setInterval(() => this.view?.tick?.(), SECOND_MS);
    await this.openSession();
  }

  private async openSession(): Promise<void> {
    try {
      const session = await this.api.readSession();
      this.putHeader(session);
      this.show();
    } catch (error) {
      const again = h(
        'button',
        { type: 'button', class: 'primary', onclick: () => void this.openSession() },
        'Try again',
      );
      fill(byId('main'), h('p', { class: 'problem', role: 'alert' }, messageOf(error)), again);
    }
  }

  private get nobody(): boolean {
    const { session } = this.api;
    return session === undefined || (session.credentials && session.name === undefined);
  }

  private show(): void {
    cancelQuestions();
    if (this.nobody) {
      this.putView('sign-in', () => new SignInView(this.api, (session) => this.signedIn(session)));
      return;
    }
    const { path, query } = shownAddress();
    if (path === this.shownPath && this.view?.moved?.(query)) return;
    this.putView(path, () => this.viewAt(path, query));
  }

  private viewAt(path: string, query: URLSearchParams): View {
    const [, budgetId] = BUDGET.exec(path) ?? [];
    if (budgetId === undefined) return new OverviewView(this.context, query);
    if (POLICY.test(path)) return new PolicyView(this.context, budgetId);
    if (USAGE.test(path)) return new UsageView(this.context, budgetId, query);
    const [, kind, name = ''] = SCOPE.exec(path) ?? [];
    if (kind !== undefined)
      return new ScopeView(this.context, budgetId, kind === 'ais' ? 'ai' : 'team', named(name), query);
    return new BudgetView(this.context, budgetId, query);
  }

  private putView(path: string, make: () => View): void {
    const first = this.shownPath === undefined;
    this.view?.close();
    this.connection.connected('off');
    this.connection.store(undefined);
    const view = make();
    this.view = view;
    this.shownPath = path;
    document.title = `${view.title} · budget arbiter`;
    fill(byId('main'), view.element);
    scrollTo(0, 0);
    // Whoever reads by ear or keyboard goes on where the new view begins.
    if (!first) view.element.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
  }

  private putHeader({ name, canSignOut, version, credentials }: SessionData): void {
    const brand = h('a', { href: '#/', class: 'brand' }, 'budget arbiter');
    const out = h(
      'button',
      { type: 'button', class: 'quiet', onclick: () => void this.signOut() },
      'Sign out',
    );
    const who = credentials ? name : 'no credentials configured';
    const about = h('span', { class: 'who' }, who, h('span', { class: 'version' }, ` v${version}`));
    fill(byId('top'), brand, this.connection.element, who !== undefined && about, canSignOut && out);
  }

  private signedIn(session: SessionData): void {
    this.api.session = session;
    this.putHeader(session);
    this.show();
  }

  private signedOut(): void {
    if (this.nobody) return;
    this.api.session = undefined;
    void this.openSession();
  }

  private async signOut(): Promise<void> {
    try {
      await this.api.post('sign-out', {});
    } catch (error) {
      notice(messageOf(error));
    }
    this.signedOut();
  }

  /** A stream that was refused does not say why. */
  private async isSignedIn(): Promise<boolean> {
    const session = await this.api.readSession();
    if (!this.nobody) return true;
    this.putHeader(session);
    this.show();
    return false;
  }
}

/** As an address has a name; one that is none stays as it is. */
function named(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

void new Page().start();
