import { blocking, type Conversion, type Convert, dropping } from './conversion.ts';
import type { ValueMapFile } from './map-language.ts';

/** The conversion of a FHIR code by a value map, for choices, yes/no and text columns. */
export function mappedConverter(
  values: ValueMapFile,
  onMisfit: 'reject' | 'drop' | undefined,
): Convert {
  const options = new Map<string, Conversion>(values.rows.map((row) => [row.fhir, row.dataverse]));
  const unknownCode: Conversion =
    values.otherwise === undefined
      ? blocking('not-an-option', `a code that value map ${values.name} does not have`)
      : values.otherwise;
  const wrongType = blocking('wrong-type', 'expected a code');
  const convert: Convert = (value) => {
    if (typeof value !== 'string' && typeof value !== 'boolean') return wrongType;
    const option = options.get(typeof value === 'string' ? value : String(value));
    return option === undefined ? unknownCode : option;
  };
  return onMisfit === 'drop' ? dropping(convert) : convert;
}
