import { createHash } from 'node:crypto';
import { blocking, type Convert, dropping, replaced } from './conversion.ts';
import { shortened } from './convert-scalar.ts';
import type { ConceptValue } from './map-pack.ts';
import { isRecord } from './record.ts';

/** System of a concept row made from a code without a code system. */
export const noSystem = 'urn:fds:no-system';
/** System of a concept row made from a text without any code. */
export const textOnly = 'urn:fds:text';

/** Lengths of `msemr_codeableconcept`: msemr_code, msemr_name, msemr_text and fds_system. */
const lengths = { code: 100, display: 100, text: 2000, system: 255 } as const;

export interface ConceptOptions {
  readonly conceptType: number;
  readonly systems?: readonly string[] | undefined;
  readonly system?: string | undefined;
  readonly onMisfit?: 'reject' | 'drop' | undefined;
}

interface ChosenCode {
  readonly system: string;
  readonly code: string;
  readonly display: string;
}

/**
 * The conversion from CodeableConcept, Coding, Quantity (its unit) or a bare
 * code to a codeable-concept row. The row is shared by all patients, so the
 * free text of a coded concept is left out of it on purpose.
 */
export function conceptConverter(options: ConceptOptions): Convert {
  const rank = new Map((options.systems ?? []).map((system, index) => [system, index]));
  const convert: Convert = (value) => {
    const chosen = choose(value, options, rank);
    if (chosen !== undefined) return codedConcept(chosen, options.conceptType);
    const text = isRecord(value) ? (value['text'] ?? value['unit']) : undefined;
    if (typeof text === 'string' && text !== '') return textConcept(text, options.conceptType);
    return isRecord(value) ? null : blocking('wrong-type', 'expected a code or a CodeableConcept');
  };
  return options.onMisfit === 'drop' ? dropping(convert) : convert;
}

function choose(
  value: unknown,
  options: ConceptOptions,
  rank: ReadonlyMap<string, number>,
): ChosenCode | undefined {
  if (typeof value === 'string') {
    return { system: options.system ?? noSystem, code: value, display: value };
  }
  if (!isRecord(value)) return undefined;
  const { coding } = value;
  return readCode(Array.isArray(coding) ? bestCoding(coding, rank) : value, options);
}

/** By system preference, then the coding that the user selected, then document order. */
function bestCoding(codings: readonly unknown[], rank: ReadonlyMap<string, number>): unknown {
  if (codings.length === 1) return codings[0];
  let best: unknown;
  let bestScore = Number.POSITIVE_INFINITY;
  for (const coding of codings) {
    if (!isRecord(coding) || typeof coding['code'] !== 'string') continue;
    const { system, userSelected } = coding;
    const preferred = typeof system === 'string' ? rank.get(system) : undefined;
    const score = (preferred ?? rank.size) * 2 + (userSelected === true ? 0 : 1);
    if (score < bestScore) {
      best = coding;
      bestScore = score;
    }
  }
  return best;
}

function readCode(coding: unknown, options: ConceptOptions): ChosenCode | undefined {
  if (!isRecord(coding) || typeof coding['code'] !== 'string') return undefined;
  const { system, code, display, unit } = coding;
  const shown = display ?? unit;
  return {
    system: typeof system === 'string' ? system : (options.system ?? noSystem),
    code,
    display: typeof shown === 'string' && shown !== '' ? shown : code,
  };
}

function codedConcept(chosen: ChosenCode, conceptType: number) {
  const { system, code, display } = chosen;
  if (code.length > lengths.code) {
    return blocking('too-long', `a code of ${code.length} characters where ${lengths.code} fit`);
  }
  if (system.length > lengths.system) {
    return blocking('too-long', `a system of ${system.length} characters, ${lengths.system} fit`);
  }
  return display.length > lengths.display
    ? longConcept({ kind: 'concept', conceptType, system, code, display })
    : ({ kind: 'concept', conceptType, system, code, display } as const);
}

/** A text is its own identity; one that is too long for the code column is told apart by a digest. */
function textConcept(text: string, conceptType: number) {
  const concept: ConceptValue = {
    kind: 'concept',
    conceptType,
    system: textOnly,
    code: text.length > lengths.code ? digestCode(text) : text,
    display: text,
    text: shortened(text, lengths.text),
  };
  return text.length > lengths.display ? longConcept(concept) : concept;
}

function digestCode(text: string): string {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return `${shortened(text, lengths.code - 33)}~${digest}`;
}

function longConcept(concept: ConceptValue) {
  const display = shortened(concept.display, lengths.display);
  const text = concept.text ?? shortened(concept.display, lengths.text);
  const kept: ConceptValue = { ...concept, display, text };
  return concept.display.length > lengths.text
    ? replaced('too-long', `a display of more than ${lengths.text} characters; shortened`, kept)
    : kept;
}
