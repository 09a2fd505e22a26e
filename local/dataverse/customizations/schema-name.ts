import { z } from 'zod';
import { refused } from './refusal.ts';

/** A publisher prefix of 2 to 8 letters and digits, an underscore, and a name. */
const customName = /^(?!mscrm)[A-Za-z][A-Za-z0-9]{1,7}_[A-Za-z0-9_]+$/;

/** Throws 400 when a new component's name has no customization prefix or is too long. */
export function requireCustomName(kind: string, name: string, longest: number): void {
  if (!customName.test(name)) {
    throw refused(
      `The ${kind} name '${name}' is invalid: it must start with a valid customization prefix, and hold letters, digits and underscores only.`,
    );
  }
  if (name.length > longest) {
    throw refused(`The ${kind} name '${name}' is longer than ${longest} characters.`);
  }
}

export function isCustomName(name: string): boolean {
  return customName.test(name);
}

const localized = z.object({ Label: z.string(), LanguageCode: z.number() });

/** `Label` of the metadata: text in one or more languages. */
export const labelSchema = z.object({
  LocalizedLabels: z.array(localized).optional(),
  UserLocalizedLabel: localized.nullish(),
});

export function labelText(
  label: z.infer<typeof labelSchema> | null | undefined,
): string | undefined {
  return label?.UserLocalizedLabel?.Label ?? label?.LocalizedLabels?.[0]?.Label;
}

/** Reads a definition; throws 400 naming the first member that is wrong. */
export function readDefinition<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refused(`${issue?.path.join('.') || 'The definition'}: ${issue?.message ?? 'invalid'}.`);
  }
  return parsed.data;
}
