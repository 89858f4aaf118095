import type { Screen } from './browser.js';

/** On what people read a page: desk, laptop, phone, and a window at four times the size. */
export const SCREENS = [
  { width: 1440, dark: false, locale: 'en-GB' },
  { width: 1440, dark: true, locale: 'de-DE' },
  { width: 1024, dark: false, locale: 'de-DE' },
  { width: 1024, dark: true, locale: 'en-GB' },
  { width: 390, dark: false, locale: 'en-GB' },
  { width: 390, dark: true, locale: 'de-DE' },
  { width: 320, dark: false, locale: 'en-GB' },
] as const satisfies readonly Screen[];

export const SCREEN_TITLE = '$width pixels wide, dark: $dark, in $locale';
