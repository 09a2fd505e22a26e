import { z } from 'zod';
import { refused } from './refusal.ts';
import { labelSchema, labelText } from './schema-name.ts';

export const optionSetSchema = z.object({
  Name: z.string().nullish(),
  DisplayName: labelSchema.nullish(),
  IsGlobal: z.boolean().nullish(),
  OptionSetType: z.string().nullish(),
  Options: z
    .array(z.object({ Value: z.int().nullish(), Label: labelSchema.nullish() }))
    .default([]),
});

/** First value given to options that come without one: the publisher's option value prefix. */
const firstOwnValue = 100_000_000;

/** Options by value; throws 400 for a value given twice and for an option without a label. */
export function readOptions(
  options: z.infer<typeof optionSetSchema>['Options'],
): Map<number, string> {
  const found = new Map<number, string>();
  let next = firstOwnValue;
  for (const option of options) {
    const text = labelText(option.Label);
    if (text === undefined) {
      throw refused('An option needs a Label.');
    }
    while (found.has(next)) {
      next += 1;
    }
    const value = option.Value ?? next;
    if (found.has(value)) {
      throw refused(`The option value ${value} is given twice.`);
    }
    found.set(value, text);
  }
  return found;
}

export function optionsForm(options: ReadonlyMap<number, string>): Record<string, string> {
  return Object.fromEntries([...options].map(([value, text]) => [String(value), text]));
}
