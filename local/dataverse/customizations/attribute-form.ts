import { z } from 'zod';
import { namedGuid } from '../key-index.ts';
import type { Model } from '../model.ts';
import type { ColumnForm, ColumnType } from '../model-schema.ts';
import { notImplemented } from '../protocol-error.ts';
import { optionSetSchema, optionsForm, readOptions } from './choice-options.ts';
import { refused } from './refusal.ts';
import { labelSchema, labelText, readDefinition } from './schema-name.ts';

const prefix = /^#?Microsoft\.Dynamics\.CRM\./;

const types: Readonly<Record<string, ColumnType>> = {
  String: 'string',
  Memo: 'memo',
  Integer: 'integer',
  BigInt: 'bigint',
  Decimal: 'decimal',
  Double: 'double',
  Money: 'money',
  Boolean: 'boolean',
  DateTime: 'datetime',
  Picklist: 'choice',
  MultiSelectPicklist: 'multichoice',
  UniqueIdentifier: 'guid',
};

/** Largest MaxLength of texts and largest Precision of numbers. */
const longest: Readonly<Record<string, number>> = { string: 4000, memo: 1_048_576 };
const finest: Readonly<Record<string, number>> = { decimal: 10, double: 5, money: 4 };
const defaultLength: Readonly<Record<string, number>> = { string: 100, memo: 2000 };

const levels: Readonly<Record<string, NonNullable<ColumnForm['required']>>> = {
  None: 'none',
  Recommended: 'recommended',
  ApplicationRequired: 'application',
};

export const attributeSchema = z.object({
  '@odata.type': z.string(),
  SchemaName: z.string().min(1),
  LogicalName: z.string().nullish(),
  DisplayName: labelSchema.nullish(),
  Description: z.unknown().optional(),
  RequiredLevel: z.object({ Value: z.string() }).nullish(),
  IsPrimaryName: z.boolean().nullish(),
  MaxLength: z.int().nullish(),
  MinValue: z.number().nullish(),
  MaxValue: z.number().nullish(),
  Precision: z.int().nullish(),
  PrecisionSource: z.int().nullish(),
  Format: z.string().nullish(),
  FormatName: z.unknown().optional(),
  AutoNumberFormat: z.unknown().optional(),
  ExternalName: z.string().min(1).nullish(),
  DateTimeBehavior: z.object({ Value: z.string() }).nullish(),
  OptionSet: z.unknown().optional(),
  'GlobalOptionSet@odata.bind': z.string().nullish(),
});

type AttributeBody = z.infer<typeof attributeSchema>;

/** Members that are told again as they were given. */
const told = [
  'Description',
  'MinValue',
  'MaxValue',
  'Precision',
  'PrecisionSource',
  'Format',
  'FormatName',
  'AutoNumberFormat',
  'DateTimeBehavior',
] as const;

export interface AttributeForm {
  /** Logical name. */
  readonly name: string;
  readonly form: ColumnForm;
  readonly isPrimaryName: boolean;
}

function typeOf(body: AttributeBody): ColumnType {
  const kind = body['@odata.type'].replace(prefix, '').replace(/AttributeMetadata$/, '');
  const type = types[kind];
  if (kind === 'Lookup' || kind === 'Customer') {
    throw refused(
      'A lookup column is created with its relationship: POST RelationshipDefinitions, or CreatePolymorphicLookupAttribute for several tables.',
    );
  }
  if (type === undefined) {
    throw notImplemented(`columns of type ${kind}`);
  }
  const isDay = type === 'datetime' && body.DateTimeBehavior?.Value === 'DateOnly';
  return isDay ? 'date' : type;
}

function checkLimits(type: ColumnType, body: AttributeBody): void {
  const { MaxLength, MinValue, MaxValue, Precision, Format, DateTimeBehavior } = body;
  const length = longest[type];
  if (length !== undefined && MaxLength != null && (MaxLength < 1 || MaxLength > length)) {
    throw refused(`MaxLength of ${body.SchemaName} must be from 1 to ${length}.`);
  }
  const precision = finest[type];
  if (precision !== undefined && Precision != null && (Precision < 0 || Precision > precision)) {
    throw refused(`Precision of ${body.SchemaName} must be from 0 to ${precision}.`);
  }
  if (MinValue != null && MaxValue != null && MinValue > MaxValue) {
    throw refused(`MinValue of ${body.SchemaName} is over its MaxValue.`);
  }
  const behaviors = ['UserLocal', 'DateOnly', 'TimeZoneIndependent'];
  if (DateTimeBehavior != null && !behaviors.includes(DateTimeBehavior.Value)) {
    throw refused(`DateTimeBehavior of ${body.SchemaName} must be one of ${behaviors.join(', ')}.`);
  }
  if (type === 'date' && Format === 'DateAndTime') {
    throw refused(`${body.SchemaName} with DateTimeBehavior DateOnly has the Format DateOnly.`);
  }
}

/** The global choice that a bind names, by id or by name. */
function boundChoice(model: Model, bind: string): string {
  const [, key = ''] = /GlobalOptionSetDefinitions\((?:Name=)?'?([^')]+)'?\)$/.exec(bind) ?? [];
  const found = [...model.choices.keys()].find(
    (name) => name === key || namedGuid(`global optionset ${name}`) === key.toLowerCase(),
  );
  if (found === undefined) {
    throw refused(`There is no global option set at '${bind}'.`);
  }
  return found;
}

function choiceForm(model: Model, body: AttributeBody): Partial<ColumnForm> {
  const bind = body['GlobalOptionSet@odata.bind'];
  if (bind != null) {
    const name = boundChoice(model, bind);
    const options = model.choices.get(name)?.options ?? new Map();
    return { globalChoice: name, options: optionsForm(options) };
  }
  if (body.OptionSet == null) {
    throw refused(`${body.SchemaName} needs OptionSet or GlobalOptionSet@odata.bind.`);
  }
  const set = readDefinition(optionSetSchema, body.OptionSet);
  return { options: optionsForm(readOptions(set.Options)) };
}

function levelOf(body: AttributeBody): NonNullable<ColumnForm['required']> {
  const level = levels[body.RequiredLevel?.Value ?? 'None'];
  if (level === undefined) {
    throw refused(`RequiredLevel of ${body.SchemaName} must be ${Object.keys(levels).join(', ')}.`);
  }
  return level;
}

/** Members that follow for every kind of attribute, a lookup's among them. */
export function commonForm(
  body: Pick<AttributeBody, 'SchemaName' | 'DisplayName' | 'RequiredLevel'> & object,
): Pick<ColumnForm, 'schemaName' | 'display' | 'required'> {
  const required = levels[body.RequiredLevel?.Value ?? 'None'];
  return {
    schemaName: body.SchemaName,
    display: labelText(body.DisplayName) ?? body.SchemaName,
    ...(required === undefined ? {} : { required }),
  };
}

/** Reads an `AttributeMetadata`; throws 400 for what Dataverse refuses, 501 for types that are not there. */
export function readAttribute(model: Model, value: unknown): AttributeForm {
  const body = readDefinition(attributeSchema, value);
  const type = typeOf(body);
  checkLimits(type, body);
  const details = Object.fromEntries(
    told.flatMap((name) => (body[name] == null ? [] : [[name, body[name]]])),
  );
  const length = body.MaxLength ?? defaultLength[type];
  const isChoice = type === 'choice' || type === 'multichoice';
  return {
    name: (body.LogicalName ?? body.SchemaName).toLowerCase(),
    isPrimaryName: body.IsPrimaryName === true,
    form: {
      type,
      ...commonForm(body),
      required: levelOf(body),
      details,
      ...(body.ExternalName == null ? {} : { externalName: body.ExternalName }),
      ...(longest[type] === undefined || length === undefined ? {} : { maxLength: length }),
      ...(isChoice ? choiceForm(model, body) : {}),
    },
  };
}
