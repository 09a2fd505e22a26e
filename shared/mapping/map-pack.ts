/** A FHIR resource as parsed JSON; elements are read through compiled paths only. */
export interface FhirResource {
  readonly resourceType: string;
  readonly id?: string;
  readonly meta?: { readonly versionId?: string; readonly lastUpdated?: string };
  readonly [element: string]: unknown;
}

/** A lookup to the row of another FHIR resource; `table` is the target by the pack's root map for the type. */
export interface ReferenceValue {
  readonly kind: 'reference';
  readonly resourceType: string;
  readonly id: string;
  readonly table: string;
}

/** A lookup to an `msemr_codeableconcept` row, whose identity is system + code + type. */
export interface ConceptValue {
  readonly kind: 'concept';
  /** Option value of `msemr_codeableconcept.msemr_type`. */
  readonly conceptType: number;
  readonly system: string;
  readonly code: string;
  readonly display: string;
  /** Only where the row itself needs it: a text without a code, or a display longer than its column. */
  readonly text?: string;
}

/** `null` means that the element is absent and the column is cleared. */
export type ColumnValue = string | number | boolean | null | ReferenceValue | ConceptValue;

export type MapProblemCode =
  | 'too-long'
  | 'not-an-option'
  | 'wrong-type'
  | 'wrong-unit'
  | 'required-missing'
  | 'unresolvable-reference'
  | 'out-of-range'
  | 'partial-date'
  | 'rounded'
  | 'not-writable';

/** What did not fit, and where. Never holds the value itself, so it may be logged. */
export interface MapProblem {
  readonly map: string;
  readonly column: string;
  readonly path: string;
  readonly problem: string;
  readonly code: MapProblemCode;
}

/** `problems` block the change; `warnings` say what a declared rule dropped or shortened. */
export interface MappedRow {
  readonly values: Readonly<Record<string, ColumnValue>>;
  readonly problems: readonly MapProblem[];
  readonly warnings: readonly MapProblem[];
}

/** A child row, and the rows below it: one list for each of the expansions of its own map. */
export interface ExpandedRow extends MappedRow {
  readonly below?: readonly (readonly ExpandedRow[])[];
}

/** Where an expansion map puts rows, and the maps below it: what a removal has to know of it. */
export interface ChildPlace {
  readonly name: string;
  readonly table: string;
  /** The child's lookup to its parent row. */
  readonly parentColumn: string;
  readonly expansions: readonly ChildPlace[];
}

/**
 * Where a root map puts rows, and how they are found again: what a removal has to
 * know of it. Unlike the map, it outlives its use: rows stay when a map is disabled.
 */
export interface RootPlace {
  readonly name: string;
  readonly resourceType: string;
  readonly table: string;
  readonly idColumn: string;
  readonly versionColumn: string;
  /** Set on every row, for tables that serve several resource types. */
  readonly discriminator?: { readonly column: string; readonly value: number };
  /** The lookup that points to the patient's contact, if the table has one. */
  readonly patientColumn?: string;
  readonly expansions: readonly ChildPlace[];
}

/** One array (or object) of a resource that becomes rows of a child table. */
export interface ExpansionMap extends ChildPlace {
  readonly parentTable: string;
  readonly columns: readonly string[];
  /** Columns that together identify a child row below its parent. */
  readonly matchOn: readonly string[];
  /** The maps of the rows below these rows; at most three levels in all. */
  readonly expansions: readonly ExpansionMap[];
  /** The rows of this resource, each match key once: the first item gives the row, all give the rows below it. */
  expand(resource: FhirResource): readonly ExpandedRow[];
  /** Why items were left out, here or below, for maps that declare `onProblem: "skip-row"`. */
  skipped(resource: FhirResource): readonly MapProblem[];
}

/** The table that receives `identifier[]`, and the system under which the row id is written back to FHIR. */
export interface IdentifierTable {
  readonly expansion: ExpansionMap;
  readonly system: string;
  readonly systemColumn: string;
  readonly valueColumn: string;
}

/** What an edit in Dataverse makes of a resource. */
export interface WritebackResult {
  /** The resource as given where nothing changed; untouched elements are the same objects. */
  readonly resource: FhirResource;
  /** Names of the first-level elements that changed; empty means that nothing is to be sent. */
  readonly changed: readonly string[];
  /** Columns whose value could not be put into the resource. */
  readonly refused: readonly MapProblem[];
}

/** The way back of a root map, from columns to elements. */
export interface Writeback {
  /** As the map says (`writeback`); the product ships every map with it off. */
  readonly enabled: boolean;
  readonly messages: readonly ('Create' | 'Update')[];
  /** Columns that can go back; the lookup to the patient never does. */
  readonly columns: readonly string[];
  /** Why each of the other columns never goes back. */
  readonly oneWay: ReadonlyMap<string, string>;
  /** Pure. Laws: putting what `map` shows changes nothing; what was put and not refused, `map` shows. */
  put(resource: FhirResource, changes: Readonly<Record<string, ColumnValue>>): WritebackResult;
}

/** One FHIR resource type tied to one Dataverse table. */
export interface RootMap extends RootPlace {
  /** Every column that `map` may set; the key, version and discriminator columns are not among them. */
  readonly columns: readonly string[];
  /** First-level elements that the map reads: what a retrieve asks for with `_elements`. */
  readonly elements: readonly string[];
  readonly requiredElements: readonly string[];
  readonly lastUpdatedColumn: string;
  readonly expansions: readonly ExpansionMap[];
  readonly identifierTable?: IdentifierTable;
  /** `Patient/123`: the patient whose consent governs the resource; undefined when it is not about one patient. */
  readonly patientReference: (resource: FhirResource) => string | undefined;
  /** Pure: the same resource gives the same row, and the resource is left as it was. */
  map(resource: FhirResource): MappedRow;
  readonly writeback: Writeback;
}

/** Every enabled map, compiled, named by the hash of its content. */
export interface MapPack {
  readonly hash: string;
  readonly roots: ReadonlyMap<string, RootMap>;
}
