const USER_AND_PASSWORD = /(mongodb(?:\+srv)?:\/\/[^:@/\s"]*):[^\s"]*@/gi;
const SECRET_OPTIONS =
  /((?:tlsCertificateKeyFilePassword|proxyPassword)=|AWS_SESSION_TOKEN(?::|%3A))[^&\s",]*/gi;

/**
 * Takes passwords out of the MongoDB URIs in a text. Greedy to the last `@`, since a password that should have been
 * percent-escaped may hold one: hiding too much is the safe mistake.
 */
export function redactSecrets(text: string): string {
  if (!/mongodb|password|session_token/i.test(text)) return text;
  return text.replace(USER_AND_PASSWORD, '$1:***@').replace(SECRET_OPTIONS, '$1***');
}
