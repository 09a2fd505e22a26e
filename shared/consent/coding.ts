import { z } from 'zod';
import { type Certainty, some } from './certainty.ts';

export const codingSchema = z.object({
  system: z.string().optional(),
  code: z.string().optional(),
});
export const conceptSchema = z.object({ coding: z.array(codingSchema).optional() });

export type Coding = z.infer<typeof codingSchema>;
export type Concept = z.infer<typeof conceptSchema>;

/** `system|code`, or `code` alone, which stands for the code in any system. */
export function tokenOf(coding: Coding): string | undefined {
  if (coding.code === undefined) {
    return undefined;
  }
  return coding.system === undefined ? coding.code : `${coding.system}|${coding.code}`;
}

/** Is one of our tokens meant by one of these codings? Codings without a code cannot be compared. */
export function codingsMatch(codings: readonly Coding[], tokens: readonly string[]): Certainty {
  return some(codings.flatMap((coding) => tokens.map((token) => codingMatches(coding, token))));
}

/** As for codings; a concept that is only text cannot be compared. */
export function conceptsMatch(concepts: readonly Concept[], tokens: readonly string[]): Certainty {
  return some(
    concepts.map(({ coding = [] }) =>
      coding.length === 0 ? 'unknown' : codingsMatch(coding, tokens),
    ),
  );
}

function codingMatches(coding: Coding, token: string): Certainty {
  if (coding.code === undefined) {
    return 'unknown';
  }
  const bar = token.lastIndexOf('|');
  if (coding.code !== token.slice(bar + 1)) {
    return 'no';
  }
  const system = bar < 0 ? undefined : token.slice(0, bar);
  if (system === undefined || system === coding.system) {
    return 'yes';
  }
  return coding.system === undefined ? 'unknown' : 'no';
}
