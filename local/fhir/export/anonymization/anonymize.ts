import { isArray, isObject, type Json, type JsonObject, objectAt, textAt } from '../../json.ts';
import { type ElementShape, shapeOf } from '../../validation/shape.ts';
import { shiftDaysOf, transformPrimitive } from './methods.ts';
import type { AnonymizationConfig, AnonymizationMethod, ElementPlace } from './rules.ts';

interface Walk {
  readonly config: AnonymizationConfig;
  readonly shiftDays: number;
  /** Methods that have changed something. */
  readonly used: Set<AnonymizationMethod>;
}

interface Element {
  readonly place: ElementPlace;
  /** Index of the first rule that holds for what is around it; the first rule wins. */
  readonly rule: number;
}

/** Applies the rules to a resource; what no rule names is kept. */
export function anonymize(resource: JsonObject, config: AnonymizationConfig): JsonObject {
  const type = textAt(resource, 'resourceType') ?? '';
  const { dateShiftKey, dateShiftScope } = config.parameters;
  const scope = dateShiftScope === 'resource' ? (textAt(resource, 'id') ?? '') : '';
  const walk = {
    config,
    shiftDays: shiftDaysOf(dateShiftKey, scope),
    used: new Set<AnonymizationMethod>(),
  };
  const place = { path: type, genericPath: 'Resource', name: type, type, parents: [] };
  const result = objectOf(
    resource,
    { place, rule: ruleOf(walk, place, config.rules.length) },
    walk,
  );
  return labelled({ resourceType: type, ...result }, walk.used);
}

function ruleOf({ config }: Walk, place: ElementPlace, inherited: number): number {
  const own = config.rules.findIndex(({ matches }) => matches(place));
  return own < 0 ? inherited : Math.min(own, inherited);
}

function objectOf(value: JsonObject, element: Element, walk: Walk): JsonObject | undefined {
  const entries: [string, Json][] = [];
  for (const [name, child] of Object.entries(value)) {
    if (child === undefined) continue;
    const kept =
      name === 'resourceType' ? child : childOf(child, childElement(name, element, walk), walk);
    if (kept !== undefined) entries.push([name, kept]);
  }
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function childOf(value: Json, element: Element, walk: Walk): Json | undefined {
  if (isArray(value)) {
    const kept = value.flatMap((item) => childOf(item, element, walk) ?? []);
    return kept.length === 0 ? undefined : kept;
  }
  // Numbers that keep their digits are objects too, of another kind.
  if (isObject(value) && !('rawJSON' in value)) return objectOf(value, element, walk);
  const method = walk.config.rules[element.rule]?.method ?? 'keep';
  const { place } = element;
  const type = place.name === 'reference' ? 'reference' : place.type;
  const { config, shiftDays } = walk;
  const kept = transformPrimitive(value, { config, method, type, shiftDays });
  if (kept !== value) walk.used.add(method);
  return kept;
}

function childElement(name: string, { place, rule }: Element, walk: Walk): Element {
  // `_birthDate` carries the extensions of `birthDate` and obeys its rules.
  const plain = name.replace(/^_/, '');
  const elements = shapeOf(place.type)?.elements;
  // FHIRPath calls `valueQuantity` just `value`.
  const choice = choiceSuffix.exec(plain)?.[1];
  const pathName = choice === undefined || elements?.has(choice) ? plain : choice;
  const child = {
    path: `${place.path}.${pathName}`,
    genericPath: `${place.genericPath}.${pathName}`,
    name: plain,
    type: typeOf(elements?.get(plain), plain),
    parents: [...place.parents, place],
  };
  return { place: child, rule: ruleOf(walk, child, rule) };
}

const choiceSuffix =
  /^([a-z]\w*?)(DateTime|Date|Instant|Time|Quantity|String|CodeableConcept|Coding|Code|Boolean|Integer|Decimal|Range|Ratio|SampledData|Period|Age|Reference|Attachment|Identifier|Uri|Url|Canonical|Money|Timing|Duration|Annotation|Markdown)$/;

/** The schema names the type of an element, but for choices, where the name of the element does. */
function typeOf(shape: ElementShape | undefined, name: string): string {
  if (shape?.kind === 'object') return shape.type;
  const primitive =
    shape?.kind === 'primitive' ? shape.rule.slice(shape.rule.lastIndexOf(' ') + 1) : '';
  if (primitive !== 'value') return primitive;
  const suffix = choiceSuffix.exec(name)?.[2] ?? '';
  return suffix.charAt(0).toLowerCase() + suffix.slice(1);
}

const system = 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue';
const labels = {
  redact: { system, code: 'REDACTED', display: 'redacted' },
  cryptoHash: { system, code: 'CRYTOHASH', display: 'cryptographic hash function' },
  dateShift: { system, code: 'PERTURBED', display: 'perturbed' },
};

/** Says in meta.security what was done, with the codes of the tools (their spelling). */
function labelled(resource: JsonObject, used: ReadonlySet<AnonymizationMethod>): JsonObject {
  const security = [...used].flatMap((method) => (method === 'keep' ? [] : [labels[method]]));
  if (security.length === 0) return resource;
  return { ...resource, meta: { ...objectAt(resource, 'meta'), security } };
}
