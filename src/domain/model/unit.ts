import { amount } from './wording.js';

/**
 * What the amounts of a budget count: tokens, or millionths of a currency. The names of fields say tokens all the same; only to a
 * person an amount is written in its unit.
 */

export const TOKENS = 'tokens';

/** What one of a currency is in a budget's amounts. */
export const MILLIONTHS = 1_000_000;

/** ISO 4217, what people pay with. A list of our own: that of the JavaScript engine differs by its version, and replicas must agree. */
const CURRENCIES: ReadonlySet<string> = new Set(
  (
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY ' +
    'COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ' +
    'ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK ' +
    'MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF ' +
    'SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU ' +
    'UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG'
  ).split(' '),
);

export function isUnit(text: string): boolean {
  return text === TOKENS || CURRENCIES.has(text);
}

/** An amount for a person, to the last millionth: `11,200`, or `$1.24`. */
export function inUnit(unit: string, value: number): string {
  return unit === TOKENS ? amount(value) : money(value, formOf(unit), MOST_DIGITS);
}

/** The same with what it counts, where that is not said beside it: `11,200 tokens`, or `$1.24`. */
export function withUnit(unit: string, value: number): string {
  return unit === TOKENS ? `${amount(value)} tokens` : inUnit(unit, value);
}

/** What an amount of 1 is. */
export function smallestOf(unit: string): string {
  return unit === TOKENS ? 'token' : `millionth of ${unit}`;
}

const SHORT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

/** In a few characters, such as 11.1M or $1.2K. */
export function shortInUnit(unit: string, value: number): string {
  if (unit === TOKENS) return SHORT.format(value);
  const whole = value / MILLIONTHS;
  return Math.abs(whole) < 1_000 ? aboutInUnit(unit, value) : `${formOf(unit).sign}${SHORT.format(whole)}`;
}

/** As people say it: the digits that its currency has, or below one of it, down to a millionth, the first two that say something. */
export function aboutInUnit(unit: string, value: number): string {
  if (unit === TOKENS) return amount(value);
  const form = formOf(unit);
  const small =
    Math.abs(value) < MILLIONTHS ? MOST_DIGITS - Math.floor(Math.log10(Math.abs(value) || 1)) + 1 : 0;
  return money(value, form, Math.max(form.digits, Math.min(MOST_DIGITS, small)));
}

/** A millionth. */
const MOST_DIGITS = 6;

/** How a currency is written in English. */
interface Form {
  /** `$`, or the code and a space. */
  readonly sign: string;
  /** Decimal places that are always written. */
  readonly digits: number;
}

const FORMS = new Map<string, Form>();

/** Found once: making a formatter costs more than a whole decision. */
function formOf(currency: string): Form {
  const known = FORMS.get(currency);
  if (known !== undefined) return known;
  const format = new Intl.NumberFormat('en-US', { style: 'currency', currency });
  const sign = format.formatToParts(1).map(({ type, value }) => {
    if (type === 'currency') return value;
    // The space that keeps a line from breaking looks like any other, and is found by no search.
    return type === 'literal' ? ' ' : '';
  });
  const form = { sign: sign.join(''), digits: format.resolvedOptions().minimumFractionDigits ?? 0 };
  FORMS.set(currency, form);
  return form;
}

/** By hand, as amounts of tokens are: every denial writes a handful of them. */
function money(value: number, { sign, digits }: Form, most: number): string {
  const step = 10 ** (MOST_DIGITS - most);
  const rounded = Math.round(Math.abs(value) / step) * step;
  const whole = Math.floor(rounded / MILLIONTHS);
  const part = String(rounded - whole * MILLIONTHS).padStart(MOST_DIGITS, '0');
  let end = MOST_DIGITS;
  while (end > digits && part[end - 1] === '0') end -= 1;
  const fraction = end === 0 ? '' : `.${part.slice(0, end)}`;
  return `${value < 0 ? '-' : ''}${sign}${amount(whole)}${fraction}`;
}
