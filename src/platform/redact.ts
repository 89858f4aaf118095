const USER_AND_PASSWORD = /([a-z][a-z0-9+.-]{0,20}:\/\/[^:@/\s"]*):[^\s"]*@/gi;
const SECRET_OPTIONS =
  /((?:tlsCertificateKeyFilePassword|proxyPassword)=|AWS_SESSION_TOKEN(?::|%3A))[^&\s",]*/gi;
/** Bearer tokens of ours, and JSON Web Tokens: wherever one came from, no log keeps it. */
const TOKENS = /\b(bat_)[\w-]{20,}|\b(eyJ)[\w-]+\.[\w-]+\.[\w-]*/g;

/**
 * Takes passwords out of the URIs in a text, and tokens. Greedy to the last `@`, since a password that should have been
 * percent-escaped may hold one: hiding too much is the safe mistake.
 */
export function redactSecrets(text: string): string {
  let shown = text;
  if (shown.includes('@') && shown.includes('://')) shown = shown.replace(USER_AND_PASSWORD, '$1:***@');
  if (/password|session_token/i.test(shown)) shown = shown.replace(SECRET_OPTIONS, '$1***');
  if (shown.includes('bat_') || shown.includes('eyJ')) shown = shown.replace(TOKENS, '$1$2***');
  return shown;
}
