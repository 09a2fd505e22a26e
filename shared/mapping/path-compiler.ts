import type { PathCondition, PathStep } from './path-syntax.ts';
import { isRecord } from './record.ts';

type ReadFirst = (node: unknown) => unknown;
type Collect = (node: unknown, into: unknown[]) => void;

/** A path turned into closures: reading it never looks at its text again. */
export interface CompiledPath {
  /** The first value that is there and not null. */
  readonly first: ReadFirst;
  /** Whether the path names one place, so that it never gives more than one value. */
  readonly single: boolean;
  /** Every value in document order, as JSONPath defines it. */
  readonly all: (node: unknown) => readonly unknown[];
}

/** Compiles parsed steps. The closures are pure and total: absent parts read as undefined. */
export function compilePath(steps: readonly PathStep[]): CompiledPath {
  let first: ReadFirst = itself;
  let collect: Collect = (node, into) => {
    if (node !== undefined) into.push(node);
  };
  for (const step of steps.toReversed()) {
    first = firstThrough(step, first);
    collect = collectThrough(step, collect);
  }
  const collectAll = collect;
  return {
    first,
    single: steps.every((step) => singleChild(step) !== undefined),
    all: (node) => {
      const values: unknown[] = [];
      collectAll(node, values);
      return values;
    },
  };
}

const itself: ReadFirst = (node) => node;

/** The most frequent step, with as few calls as can be: this is where mapping spends its time. */
function firstThroughMember(name: string, next: ReadFirst): ReadFirst {
  if (next === itself) {
    return (node) => {
      const value = isRecord(node) ? node[name] : undefined;
      return value === null ? undefined : value;
    };
  }
  return (node) => {
    if (!isRecord(node)) return undefined;
    const child = node[name];
    return child === undefined || child === null ? undefined : next(child);
  };
}

function firstThrough(step: PathStep, next: ReadFirst): ReadFirst {
  if (step.kind === 'member') return firstThroughMember(step.name, next);
  const single = singleChild(step);
  if (single !== undefined) {
    return (node) => {
      const child = single(node);
      return child === undefined || child === null ? undefined : next(child);
    };
  }
  const accepts = step.kind === 'filter' ? compileFilter(step.conditions) : undefined;
  const children = accepts === undefined ? manyChildren(step) : childrenOf;
  return (node) => {
    for (const child of children(node)) {
      if (accepts !== undefined && !accepts(child)) continue;
      const value = next(child);
      if (value !== undefined && value !== null) return value;
    }
    return undefined;
  };
}

function collectThrough(step: PathStep, next: Collect): Collect {
  const single = singleChild(step);
  if (single !== undefined) {
    return (node, into) => {
      const child = single(node);
      if (child !== undefined) next(child, into);
    };
  }
  const children = manyChildren(step);
  return (node, into) => {
    for (const child of children(node)) next(child, into);
  };
}

function singleChild(step: PathStep): ReadFirst | undefined {
  switch (step.kind) {
    case 'member':
      return (node) => (isRecord(node) ? node[step.name] : undefined);
    case 'index':
      return (node) => (Array.isArray(node) ? node[step.index] : undefined);
    case 'choice':
      return compileChoice(step.prefix).value;
    default:
      return undefined;
  }
}

function manyChildren(step: PathStep): (node: unknown) => readonly unknown[] {
  switch (step.kind) {
    case 'from':
      return (node) => (Array.isArray(node) ? node.slice(step.start) : []);
    case 'filter': {
      const accepts = compileFilter(step.conditions);
      return (node) => childrenOf(node).filter(accepts);
    }
    default:
      return childrenOf;
  }
}

function childrenOf(node: unknown): readonly unknown[] {
  if (Array.isArray(node)) return node;
  return isRecord(node) ? Object.values(node) : [];
}

/** Whether all conditions hold for an item. */
export function compileFilter(conditions: readonly PathCondition[]): (item: unknown) => boolean {
  const tests = conditions.map(compileCondition);
  return (item) => {
    for (const test of tests) if (!test(item)) return false;
    return true;
  };
}

function compileCondition(condition: PathCondition): (item: unknown) => boolean {
  const { first } = compilePath(
    condition.chain.map((part) =>
      typeof part === 'number' ? { kind: 'index', index: part } : { kind: 'member', name: part },
    ),
  );
  switch (condition.test) {
    case 'equals':
      return (item) => first(item) === condition.literal;
    case 'differs':
      return (item) => first(item) !== condition.literal;
    case 'exists':
      return (item) => first(item) !== undefined;
    case 'absent':
      return (item) => first(item) === undefined;
  }
}

/** Every name that a choice element may go by. */
export function choiceNames(prefix: string): readonly string[] {
  return choiceTypes.map((type) => `${prefix}${type}`);
}

/** The value of a FHIR choice element and its type, such as `valueQuantity` for the prefix `value`. */
export function compileChoice(prefix: string): {
  readonly value: ReadFirst;
  readonly typeName: (node: unknown) => string | undefined;
} {
  const types = new Map(choiceTypes.map((type) => [`${prefix}${type}`, type]));
  const keyOf = (node: Readonly<Record<string, unknown>>): string | undefined => {
    for (const key in node) if (types.has(key) && node[key] !== null) return key;
    return undefined;
  };
  return {
    value: (node) => {
      const key = isRecord(node) ? keyOf(node) : undefined;
      return key === undefined || !isRecord(node) ? undefined : node[key];
    },
    typeName: (node) => (isRecord(node) ? types.get(keyOf(node) ?? '') : undefined),
  };
}

/** Type suffixes of choice elements, FHIR R4 section 2.24 (open types) and the resource-specific ones. */
const choiceTypes: readonly string[] = [
  ...['Base64Binary', 'Boolean', 'Canonical', 'Code', 'Date', 'DateTime', 'Decimal', 'Id'],
  ...['Instant', 'Integer', 'Markdown', 'Oid', 'PositiveInt', 'String', 'Time', 'UnsignedInt'],
  ...['Uri', 'Url', 'Uuid', 'Address', 'Age', 'Annotation', 'Attachment', 'CodeableConcept'],
  ...['Coding', 'ContactPoint', 'Count', 'Distance', 'Duration', 'HumanName', 'Identifier'],
  ...['Money', 'Period', 'Quantity', 'Range', 'Ratio', 'Reference', 'SampledData', 'Signature'],
  ...['Timing', 'Dosage', 'Meta', 'Expression', 'UsageContext', 'DataRequirement'],
];
