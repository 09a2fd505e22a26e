import { isResourceId } from '../fhir/index.ts';
import type { ImportErrorCause, ImportErrorLine, NdjsonLine } from './contract.ts';
import { outcomeTexts } from './operation-outcome.ts';

/**
 * Phrases of the server, first match counts (microsoft/fhir-server: SqlServer Resources.resx,
 * ImportResourceIdValidator, ImportResourceLoader, both import parsers). The managed service may
 * word them otherwise: what matches none is `other`.
 */
const phrases: readonly (readonly [RegExp, ImportErrorCause])[] = [
  [/already (?:loaded|exists)/i, 'already-loaded'],
  [/duplicate resource|duplicate.*resource id/i, 'duplicate'],
  [/version conflict|conflicting version/i, 'version-conflict'],
  [/invalid resource id|id must be any combination/i, 'invalid-id'],
  [/cannot be in the future/i, 'future-date'],
  [/conditional reference|expected a reference object/i, 'reference'],
  [/too (?:large|long)|exceeds? the (?:maximum|limit)|larger than/i, 'too-large'],
  [/pars(?:e|ing)|json|resource ?type|searchparameter|deserializ|format/i, 'unreadable'],
];

/**
 * The lines of an error file of `$import`. A restarted unit may say the same twice. Never throws
 * for what a line holds: an unreadable one is `other` without a place.
 */
export async function* readImportErrors(
  lines: AsyncIterable<readonly NdjsonLine[]>,
): AsyncGenerator<readonly ImportErrorLine[], void, undefined> {
  for await (const batch of lines) {
    yield batch.map(({ bytes }) => readErrorLine(bytes));
  }
}

function readErrorLine(bytes: Buffer): ImportErrorLine {
  const texts = outcomeTexts(parseJson(bytes));
  const place = firstMatch(texts, /at line: (\d{1,15}) with stream start offset: (\d{1,15})/);
  const id = firstMatch(texts, /resource id: ([^\s,]+)/i)?.[1];
  const cause = phrases.find(([phrase]) => texts.some((text) => phrase.test(text)))?.[1] ?? 'other';
  return {
    unitOffset: place === undefined ? undefined : Number(place[2]),
    line: place === undefined ? undefined : Number(place[1]),
    cause,
    ...(isResourceId(id) && namesId.has(cause) ? { resourceId: id } : {}),
  };
}

/** Only these texts name the id of the resource; an invalid one may be any clinical text. */
const namesId = new Set<ImportErrorCause>(['duplicate', 'version-conflict', 'already-loaded']);

function firstMatch(texts: readonly string[], pattern: RegExp): RegExpExecArray | undefined {
  return texts.map((text) => pattern.exec(text)).find((match) => match !== null);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined; // the parser's message quotes the text
  }
}
