import { z } from 'zod';
import { HostError } from '../host-error.ts';
import { readJsonFile } from './json-file.ts';

/** The process's own environment, or a stand-in for it; an app reads its settings from there. */
export type Environment = Record<string, string | undefined>;

const scalar = z.union([z.string(), z.number(), z.boolean()], 'expected a text');

const schema = z.looseObject({
  IsEncrypted: z
    .literal(false, 'encrypted settings are not supported: run "func settings decrypt"')
    .optional(),
  Values: z.record(z.string(), scalar).default({}),
});

/**
 * Puts the Values of a local.settings.json into the environment, where
 * variables that are already set win. A missing file adds nothing unless it was asked for by name.
 * @throws HostError SETTINGS_INVALID
 */
export function applySettings(file: string, environment: Environment, demanded: boolean): void {
  const settings = readJsonFile(file, schema);
  if (settings === undefined) {
    if (!demanded) return;
    throw new HostError('SETTINGS_INVALID', `There is no settings file ${file}.`);
  }
  for (const [name, value] of Object.entries(settings.Values)) {
    environment[name] ??= String(value);
  }
}

/**
 * A binding's text properties with `%NAME%` replaced by the app setting NAME.
 * @throws HostError FUNCTION_INVALID when that setting is missing.
 */
export function resolveSettings(text: string, environment: Environment, place: string): string {
  return text.replace(/%([\w:.-]+)%/g, (_, name: string) => {
    const value = environment[name];
    if (value !== undefined) return value;
    throw new HostError(
      'FUNCTION_INVALID',
      `${place} needs the app setting ${name}, which is not set.`,
    );
  });
}
