import type { WindowKind, WindowStatus as WindowView } from '../../domain/model/types.js';
import { Window, type WindowStatus } from '../../gen/budgetarbiter/v1/budget.js';

const KINDS: { readonly [K in WindowKind]: Window } = {
  HOUR: Window.WINDOW_HOUR,
  DAY: Window.WINDOW_DAY,
  MONTH: Window.WINDOW_MONTH,
};

export function windowKindMessage(kind: WindowKind): Window {
  return KINDS[kind];
}

export function windowMessage(view: WindowView): WindowStatus {
  return {
    window: KINDS[view.kind],
    start: new Date(view.start),
    end: new Date(view.end),
    capTokens: view.cap,
    spentTokens: view.spent,
    reservedTokens: view.reserved,
    availableTokens: view.available,
    toppedTokens: view.topped,
    keptTokens: view.kept ?? 0,
  };
}
