import type { MapFileProblem } from '../map-file-problem.ts';
import { parsePath } from '../path-syntax.ts';
import { isRecord } from '../record.ts';
import { type ExportRow, flagOf, labelOf, textOf } from './export-rows.ts';
import { type ImportedValues, importValues, typedValue } from './import-values.ts';

export interface AttributePlace {
  /** Of the entity map, as it stands in file names. */
  readonly mapName: string;
  /** The rows of the attribute's value map. */
  readonly values: readonly ExportRow[];
  readonly expansion: string | undefined;
  readonly references: string | undefined;
}

export interface ImportedAttribute {
  readonly attribute: Readonly<Record<string, unknown>>;
  readonly values?: ImportedValues;
}

type Complain = (problem: MapFileProblem) => void;
type Refuse = (column: string, problem: string, remedy: string) => readonly ImportedAttribute[];

const actions: Readonly<Record<string, string>> = {
  '440670000': 'Copy Data',
  '440670001': 'Set Default Value',
  '440670002': 'Mapped Value',
  '440670003': 'Lookup',
  '440670004': 'Lookup Codeable Concept',
  'FK Reference': 'Lookup',
};

/** `AttributeType` of the Web API to the column types of map files. */
const types: Readonly<Record<string, string>> = {
  ...{ string: 'string', memo: 'string', picklist: 'choice', state: 'choice', status: 'choice' },
  ...{ boolean: 'boolean', datetime: 'datetime', dateonly: 'date', integer: 'integer' },
  ...{ bigint: 'integer', decimal: 'decimal', money: 'decimal', double: 'double' },
  ...{ lookup: 'lookup', customer: 'lookup', owner: 'lookup' },
};

/** One row of `msind_updateserviceattributemap` as an attribute; none when it has no counterpart. */
export function importAttribute(
  row: ExportRow,
  place: AttributePlace,
  complain: Complain,
): readonly ImportedAttribute[] {
  const refuse: Refuse = (column, problem, remedy) => {
    complain({ file: row.file, pointer: `${row.pointer}/${column}`, problem, remedy });
    return [];
  };
  const label = labelOf(row, 'msind_actiontype') ?? '';
  const column = textOf(row, 'msind_cdsattributename');
  const action = actions[label] ?? actions[textOf(row, 'msind_actiontype') ?? ''] ?? label;
  if (action === 'Expand' || column === 'Not Applicable') return expand(row, place, refuse);
  if (column === undefined) {
    return refuse('msind_cdsattributename', 'an attribute without a column', 'Export the column');
  }
  const source = readSource(row, refuse);
  if (source === undefined && action !== 'Set Default Value') return [];
  const base = { column, action, ...(source === undefined ? {} : { source }), ...flagsOf(row) };
  return byAction(row, { base, place, refuse });
}

interface Import {
  readonly base: Readonly<Record<string, unknown>> & {
    readonly column: string;
    readonly action: string;
  };
  readonly place: AttributePlace;
  readonly refuse: Refuse;
}

type ImportAction = (row: ExportRow, parts: Import) => readonly ImportedAttribute[];

const imports: Readonly<Record<string, ImportAction>> = {
  'Copy Data': (row, { base }) => [
    { attribute: { ...base, type: typeOf(row) ?? 'string', ...lengthOf(row) } },
  ],
  'Set Default Value': importDefault,
  'Mapped Value': importMapped,
  Lookup: importLookup,
  'Lookup Codeable Concept': importConcept,
};

function byAction(row: ExportRow, parts: Import): readonly ImportedAttribute[] {
  const convert = imports[parts.base.action];
  return convert === undefined
    ? parts.refuse('msind_actiontype', 'an unknown action', 'Add the attribute by hand')
    : convert(row, parts);
}

function importDefault(
  row: ExportRow,
  { base, place, refuse }: Import,
): readonly ImportedAttribute[] {
  const type = typeOf(row) ?? 'string';
  const [only] = place.values;
  const text = only === undefined ? '' : textOf(only, 'msind_staticvalue', 'msind_cdsvalue');
  const value = typedValue(text ?? '', type);
  return value === undefined
    ? refuse('msind_actiontype', 'a default without a value that fits', 'Export its value map row')
    : [{ attribute: { ...base, type, ...lengthOf(row), value } }];
}

function importMapped(
  row: ExportRow,
  { base, place, refuse }: Import,
): readonly ImportedAttribute[] {
  const declared = typeOf(row);
  const type = declared === 'string' || declared === 'boolean' ? declared : 'choice';
  const values = importValues({ ...place, column: base.column, type }, refuse);
  if (values === undefined) return [];
  return [{ attribute: { ...base, type, values: values.name }, values }];
}

function importLookup(
  row: ExportRow,
  { base, place, refuse }: Import,
): readonly ImportedAttribute[] {
  const table = textOf(row, 'msind_cdsentityreference');
  const { references } = place;
  const remedy = 'Set it in the product, or add the attribute by hand';
  if (table === undefined) {
    return refuse('msind_cdsentityreference', 'a lookup without a table', remedy);
  }
  return references === undefined
    ? refuse('msind_fhirresourcereference', 'a lookup without a FHIR target type', remedy)
    : [{ attribute: { ...base, type: 'lookup', table, references: [references] } }];
}

function importConcept(row: ExportRow, { base, refuse }: Import): readonly ImportedAttribute[] {
  const conceptType = Number(textOf(row, 'msind_codeableconcepttypevalue'));
  return Number.isInteger(conceptType)
    ? [{ attribute: { ...base, type: 'lookup', conceptType } }]
    : refuse('msind_codeableconcepttypevalue', 'no option value', 'Set the Codeable Concept Type');
}

/** The product's path names the array; ours names its items. */
function expand(
  row: ExportRow,
  place: AttributePlace,
  refuse: Refuse,
): readonly ImportedAttribute[] {
  const source = readSource(row, refuse);
  if (source === undefined) return [];
  if (place.expansion === undefined) {
    return refuse(
      'msind_expansionentitymap',
      'an Expand without its map',
      'Export the Expansion Entity Map',
    );
  }
  const items = source.s.endsWith(']') ? source.s : `${source.s}[*]`;
  const disabled = flagOf(row, 'msind_disabled') === true ? { disabled: true } : {};
  return [
    { attribute: { action: 'Expand', source: items, expansion: place.expansion, ...disabled } },
  ];
}

function readSource(row: ExportRow, refuse: Refuse): { readonly s: string } | undefined {
  const map = textOf(row, 'msind_fhirelementmap');
  const element = textOf(row, 'msind_fhirelementname');
  const remedy = 'Give it the form { "s": "$.path" }, or add the attribute by hand';
  if (map === undefined) return element === undefined ? undefined : { s: `$.${element}` };
  const path = pathIn(map);
  if (path === undefined) {
    refuse('msind_fhirelementmap', 'a FHIR Element Map of an unknown form', remedy);
    return undefined;
  }
  const parsed = parsePath(path);
  if (parsed.kind === 'path') return { s: path };
  refuse('msind_fhirelementmap', `a path with ${parsed.problem}`, parsed.remedy);
  return undefined;
}

function pathIn(map: string): string | undefined {
  if (map.startsWith('$')) return map;
  try {
    const json: unknown = JSON.parse(map);
    if (!isRecord(json) || Object.keys(json).length !== 1) return undefined;
    return typeof json['s'] === 'string' ? json['s'] : undefined;
  } catch {
    return undefined;
  }
}

function flagsOf(row: ExportRow): Readonly<Record<string, boolean>> {
  const writeback = flagOf(
    row,
    'msind_writeback',
    'msind_enablewriteback',
    'msind_enablewritebacktofhir',
  );
  return {
    ...(flagOf(row, 'msind_fhirrequiredattribute') === true ? { required: true } : {}),
    ...(flagOf(row, 'msind_usedinrecordmatching') === true ? { matching: true } : {}),
    ...(writeback === false ? { writeback: false } : {}),
    ...(flagOf(row, 'msind_disabled') === true ? { disabled: true } : {}),
  };
}

function typeOf(row: ExportRow): string | undefined {
  const type =
    types[(textOf(row, 'msind_cdsattributetype') ?? '').toLowerCase().replace(/type$/, '')];
  return type === 'datetime' && textOf(row, 'msind_fhirelementtype') === 'date' ? 'date' : type;
}

function lengthOf(row: ExportRow): Readonly<Record<string, number>> {
  const length = Number(textOf(row, 'msind_cdsmaxlength'));
  const known = (typeOf(row) ?? 'string') === 'string' && Number.isInteger(length) && length > 0;
  return known ? { maxLength: length } : {};
}
