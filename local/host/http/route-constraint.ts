import { HostError } from '../host-error.ts';

export type Constraint = (value: string) => boolean;

const integer = /^[+-]?\d+$/;
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const guid = /^[{(]?[\da-f]{8}-?(?:[\da-f]{4}-?){3}[\da-f]{12}[)}]?$/i;

const plain: Readonly<Record<string, Constraint>> = {
  int: (value) => integer.test(value) && Math.abs(Number(value)) <= 2 ** 31 - 1,
  long: (value) => integer.test(value),
  decimal: (value) => decimal.test(value),
  double: (value) => decimal.test(value),
  float: (value) => decimal.test(value),
  bool: (value) => /^(?:true|false)$/i.test(value),
  datetime: (value) => !Number.isNaN(Date.parse(value)),
  guid: (value) => guid.test(value),
  alpha: (value) => /^[a-z]*$/i.test(value),
  required: (value) => value !== '',
  file: (value) => /\.[^./]+$/.test(value),
  nonfile: (value) => !/\.[^./]+$/.test(value),
};

/**
 * A route constraint of ASP.NET, for example `int`, `length(2,5)` or `regex(^a)`.
 * @throws HostError FUNCTION_INVALID for one that does not exist.
 */
export function parseConstraint(text: string, route: string): Constraint {
  const [, name = '', argument] = /^([a-z]+)(?:\((.*)\))?$/i.exec(text) ?? [];
  const known = argument === undefined ? plain[name.toLowerCase()] : withArgument(name, argument);
  if (known !== undefined) return known;
  throw new HostError('FUNCTION_INVALID', `Route "${route}" has an unknown constraint "${text}".`);
}

function withArgument(name: string, argument: string): Constraint | undefined {
  if (name.toLowerCase() === 'regex') {
    const pattern = new RegExp(argument, 'i');
    return (value) => pattern.test(value);
  }
  const [low = 0, high = low] = argument.split(',').map(Number);
  if (Number.isNaN(low) || Number.isNaN(high)) return undefined;
  switch (name.toLowerCase()) {
    case 'min':
      return (value) => integer.test(value) && Number(value) >= low;
    case 'max':
      return (value) => integer.test(value) && Number(value) <= low;
    case 'range':
      return (value) => integer.test(value) && Number(value) >= low && Number(value) <= high;
    case 'length':
      return (value) => value.length >= low && value.length <= high;
    case 'minlength':
      return (value) => value.length >= low;
    case 'maxlength':
      return (value) => value.length <= low;
    default:
      return undefined;
  }
}
