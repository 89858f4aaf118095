import type { SessionData } from '../src/http/dashboard/page-data.js';
import { type Api, messageOf } from './api.js';
import { h, setText } from './dom.js';
import type { View } from './view.js';

/** Asks for a token, once, and forgets it. */
export class SignInView implements View {
  readonly title = 'Sign in';
  readonly element: HTMLElement;

  constructor(api: Api, signedIn: (session: SessionData) => void) {
    const input = h('input', {
      ...{ type: 'password', id: 'token', autocomplete: 'off', spellcheck: 'false', required: true },
    });
    const problem = h('p', { class: 'problem', role: 'alert' });
    const button = h('button', { type: 'submit', class: 'primary' }, 'Sign in');
    const form = h(
      'form',
      { class: 'panel sign-in' },
      h('h1', { tabindex: -1 }, 'Sign in'),
      h(
        'p',
        { class: 'note' },
        'With a bearer token that CONFIG_FILE knows, or a JSON Web Token of your issuer.',
      ),
      h('label', { for: 'token' }, 'Token'),
      ...[input, problem, button],
      h(
        'p',
        { class: 'note' },
        'The page exchanges it for a session, which ends after 30 minutes without use.',
      ),
    );
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      button.disabled = true;
      setText(problem, '');
      try {
        signedIn(await api.post<SessionData>('sign-in', { token: input.value }));
      } catch (error) {
        setText(problem, messageOf(error));
        button.disabled = false;
        input.select();
      }
      input.value = '';
    });
    this.element = form;
  }

  close(): void {}
}
