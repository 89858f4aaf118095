/** Those that commands and options can be completed in. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
