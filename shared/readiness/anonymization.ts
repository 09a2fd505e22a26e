import { z } from 'zod';
import type { AnonymizationFacts } from './contract.ts';

const config = z.object({
  fhirPathRules: z.array(z.object({ path: z.string(), method: z.string() })).min(1),
  parameters: z
    .looseObject({ dateShiftKey: z.string().optional(), cryptoHashKey: z.string().optional() })
    .optional(),
});

/**
 * Looks through a configuration of Microsoft's FHIR Tools for Anonymization for what would make two
 * exports of the same resource differ: `perturb` adds noise and `encrypt` a random vector, and
 * `dateShift` and `cryptoHash` draw a key for each export when they are given none.
 */
export function readAnonymization(name: string, text: string): AnonymizationFacts {
  const parsed = config.safeParse(parseJson(text));
  if (!parsed.success) return { name, state: 'unreadable', changing: [], touchesMeta: false };
  const { fhirPathRules: rules, parameters = {} } = parsed.data;
  const methods = new Set(rules.map(({ method }) => method.toLowerCase()));
  const { dateShiftKey = '', cryptoHashKey = '' } = parameters;
  const changing = [
    ...(methods.has('perturb') ? ['perturb'] : []),
    ...(methods.has('encrypt') ? ['encrypt'] : []),
    ...(methods.has('dateshift') && dateShiftKey === '' ? ['dateShift without dateShiftKey'] : []),
    ...(methods.has('cryptohash') && cryptoHashKey === ''
      ? ['cryptoHash without cryptoHashKey']
      : []),
  ];
  return { name, state: 'readable', changing, touchesMeta: touchesMeta(rules) };
}

/** The first rule that holds for an element wins. */
function touchesMeta(
  rules: readonly { readonly path: string; readonly method: string }[],
): boolean {
  const first = rules.find(({ path }) =>
    /^(Resource|[A-Z]\w+)$|\.meta\b|'(Meta|meta|instant|lastUpdated|versionId)'/.test(path),
  );
  return first !== undefined && first.method.toLowerCase() !== 'keep';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
