/** What an AI of the demo prints, a JSON line each. */
export type AiLine =
  | { readonly event: 'granted'; readonly leaseId: string; readonly calls: number; readonly tokens: number }
  | { readonly event: 'denied'; readonly rules: readonly string[] }
  | { readonly event: 'charged'; readonly tokens: number }
  | { readonly event: 'repeated'; readonly replayed: boolean }
  | { readonly event: 'released'; readonly leaseId: string };
