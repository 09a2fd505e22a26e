import { blocking, type Convert, dropping, replaced } from './conversion.ts';
import { toDate, toDateTime } from './convert-date.ts';
import type { ScalarAttribute } from './map-language.ts';
import { isRecord } from './record.ts';
import { remembering } from './remembering.ts';

type ScalarType = ScalarAttribute['type'];

/** Dataverse whole numbers are 32-bit; decimals and floats end at one hundred thousand million. */
const ranges = {
  integer: { minimum: -2_147_483_648, maximum: 2_147_483_647 },
  decimal: { minimum: -100_000_000_000, maximum: 100_000_000_000 },
  double: { minimum: -100_000_000_000, maximum: 100_000_000_000 },
} as const;

const rememberedDate = remembering(toDate);
const rememberedDateTime = remembering(toDateTime);

/** The conversion from a FHIR primitive to a column of the attribute's type, with its misfit rule. */
export function scalarConverter(attribute: ScalarAttribute): Convert {
  const plain = converters[attribute.type](attribute);
  const convert = attribute.units === undefined ? plain : inUnit(attribute.units, plain);
  return attribute.onMisfit === 'drop' ? dropping(convert) : convert;
}

/** A Quantity as a number in the one unit of the column; what would change its meaning is a misfit. */
function inUnit(units: Readonly<Record<string, number>>, convert: Convert): Convert {
  const factors = new Map(Object.entries(units));
  return (quantity) => {
    if (!isRecord(quantity)) return blocking('wrong-type', 'expected a Quantity');
    const { value, code, unit, comparator } = quantity;
    if (value === undefined || value === null) return null;
    if (comparator !== undefined) return blocking('wrong-type', 'a quantity with a comparator');
    const name = code ?? unit;
    const factor = typeof name === 'string' ? factors.get(name) : undefined;
    if (factor === undefined) return blocking('wrong-unit', 'a quantity in another unit');
    return convert(typeof value === 'number' && factor !== 1 ? scaled(value, factor) : value);
  };
}

/** Keeps the digits that a double can vouch for: 72 × 0.01 is 0.72, not 0.7200000000000001. */
function scaled(value: number, factor: number): number {
  return Number((value * factor).toPrecision(15));
}

const converters: Record<ScalarType, (attribute: ScalarAttribute) => Convert> = {
  string: text,
  integer: (attribute) => numeric(attribute, 'integer'),
  decimal: (attribute) => numeric(attribute, 'decimal'),
  double: (attribute) => numeric(attribute, 'double'),
  boolean: () => (value) =>
    typeof value === 'boolean' ? value : blocking('wrong-type', 'expected true or false'),
  date: () => rememberedDate,
  datetime: () => rememberedDateTime,
  choice: () => () => blocking('wrong-type', 'a choice column takes mapped or default values only'),
};

function text(attribute: ScalarAttribute): Convert {
  const maxLength = attribute.maxLength ?? Number.POSITIVE_INFINITY;
  const truncates = attribute.onMisfit === 'truncate';
  return (value) => {
    const words = plainText(value);
    if (words === undefined) return blocking('wrong-type', 'expected text');
    if (words === '') return null;
    if (words.length <= maxLength) return words;
    const problem = `${words.length} characters where ${maxLength} fit`;
    return truncates
      ? replaced('too-long', `${problem}; shortened`, shortened(words, maxLength))
      : blocking('too-long', problem);
  };
}

function plainText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** Cuts to at most `length` UTF-16 units without splitting a surrogate pair. */
export function shortened(words: string, length: number): string {
  const cut = words.slice(0, length);
  const last = cut.charCodeAt(cut.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? cut.slice(0, -1) : cut;
}

function numeric(attribute: ScalarAttribute, type: keyof typeof ranges): Convert {
  const minimum = attribute.minimum ?? ranges[type].minimum;
  const maximum = attribute.maximum ?? ranges[type].maximum;
  const whole = type === 'integer';
  const rounds = attribute.onMisfit === 'round';
  return (value) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      return blocking('wrong-type', 'expected a number');
    }
    if (value < minimum || value > maximum) {
      return blocking('out-of-range', `outside ${minimum} to ${maximum}`);
    }
    if (!whole || Number.isInteger(value)) return value;
    return rounds
      ? replaced('rounded', 'a fraction in a whole-number column; rounded', Math.round(value))
      : blocking('wrong-type', 'a fraction in a whole-number column');
  };
}
