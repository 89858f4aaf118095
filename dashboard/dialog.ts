import { messageOf } from './api.js';
import { byId, type Child, fill, h, setText } from './dom.js';

export interface Question {
  readonly title: string;
  /** What will happen. */
  readonly body: readonly Child[];
  readonly confirm: string;
  readonly dangerous?: boolean;
  /** Absent: no reason is asked for. */
  readonly reason?: string;
  /** What is done when it is confirmed; returns what to tell. A failure is told in the dialog, which stays. */
  readonly act: (reason: string) => Promise<string>;
}

/** Asks before anything is done. Resolves with whether it was done. */
export function ask(question: Question): Promise<boolean> {
  const { title, body, confirm, dangerous, reason, act } = question;
  const input = h('input', { type: 'text', id: 'dialog-reason', autocomplete: 'off' });
  const problem = h('p', { class: 'problem', role: 'alert' });
  const asked = reason !== undefined && h('label', { for: 'dialog-reason' }, reason);
  let done = false;
  const closed = shownDialog({
    ...{ title, confirm, ...(dangerous && { dangerous }) },
    body: [h('div', { class: 'dialog-body' }, ...body), asked, reason !== undefined && input, problem],
    cancel: 'Cancel',
    submit: async (close) => {
      setText(problem, '');
      try {
        const message = await act(input.value.trim());
        done = true;
        close();
        notice(message);
      } catch (error) {
        setText(problem, messageOf(error));
      }
    },
  });
  return closed.then(() => done);
}

export interface Dialog {
  readonly title: string;
  readonly body: readonly Child[];
  readonly confirm: string;
  readonly dangerous?: boolean;
  /** What closes it without anything done; `Close` if absent. */
  readonly cancel?: string;
  readonly submit: (close: () => void) => Promise<void>;
}

/** Resolves when it is closed. */
export function shownDialog({
  title,
  body,
  confirm,
  dangerous,
  cancel = 'Close',
  submit,
}: Dialog): Promise<void> {
  const yes = h('button', { type: 'submit', class: dangerous ? 'danger' : 'primary' }, confirm);
  const no = h('button', { type: 'button', class: 'quiet', onclick: () => dialog.close() }, cancel);
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'dialog-title' },
    h(
      'form',
      { method: 'dialog' },
      h('h2', { id: 'dialog-title' }, title),
      ...[...body, h('div', { class: 'dialog-buttons' }, no, yes)],
    ),
  );
  dialog.addEventListener('submit', async (event) => {
    event.preventDefault();
    yes.disabled = true;
    await submit(() => dialog.close());
    yes.disabled = false;
  });
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      // The browser gives the focus back to what had it, if that is still there.
      if (document.activeElement === document.body) document.querySelector('h1')?.focus();
      resolve();
    });
  });
}

/** Nobody is asked any more about a view that has gone. */
export function cancelQuestions(): void {
  for (const dialog of document.querySelectorAll('dialog')) dialog.close();
}

const NOTICE_MS = 8_000;
let fading = 0;

/** Tells what has been done. */
export function notice(message: string): void {
  const place = byId('notice');
  fill(place, message);
  window.clearTimeout(fading);
  fading = window.setTimeout(() => fill(place), NOTICE_MS);
}
