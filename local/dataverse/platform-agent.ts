/** Writes by this agent are the stand-in's own and are not shown to the history checker. */
export const platformAgent = 'platform';
