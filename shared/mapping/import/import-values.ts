import { type ExportRow, textOf } from './export-rows.ts';

type Value = string | number | boolean;

export interface ImportedValues {
  readonly $schema: string;
  readonly name: string;
  readonly rows: readonly {
    readonly fhir: string;
    readonly dataverse: Value;
    readonly label?: string;
  }[];
}

interface ValuePlace {
  readonly mapName: string;
  readonly column: string;
  readonly type: string;
  readonly values: readonly ExportRow[];
}

/** The child rows of a Mapped Value attribute as a value map of its own; undefined when one does not fit. */
export function importValues(
  { mapName, column, type, values }: ValuePlace,
  refuse: (column: string, problem: string, remedy: string) => unknown,
): ImportedValues | undefined {
  const rows = values.flatMap((row) => {
    const fhir = textOf(row, 'msind_azurefhirvalue');
    const dataverse = typedValue(textOf(row, 'msind_cdsvalue') ?? '', type);
    if (fhir === undefined || dataverse === undefined) return [];
    const label = textOf(row, 'msind_optionsetlabel');
    return [{ fhir, dataverse, ...(label === undefined ? {} : { label }) }];
  });
  if (rows.length === 0 || rows.length < values.length) {
    refuse(
      'msind_actiontype',
      `a value map of ${values.length} rows, of which ${values.length - rows.length} do not fit`,
      `Export its rows of msind_attributevaluemap with values for a ${type} column`,
    );
    return undefined;
  }
  const name = `${mapName}-${column.replaceAll('_', '-')}`;
  return { $schema: '../map.schema.json', name, rows };
}

/** Exported values are text, whatever the column; undefined when the text is no value of the type. */
export function typedValue(text: string, type: string): Value | undefined {
  if (text === '') return undefined;
  if (['choice', 'integer', 'decimal', 'double'].includes(type)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  if (type !== 'boolean') return text;
  if (/^(true|yes|1)$/i.test(text)) return true;
  return /^(false|no|0)$/i.test(text) ? false : undefined;
}
