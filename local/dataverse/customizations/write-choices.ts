import { z } from 'zod';
import type { ApiContext } from '../api-context.ts';
import { type ApiRequest, type ApiResponse, emptyResponse, jsonResponse } from '../api-message.ts';
import { globalChoice } from '../attribute-metadata.ts';
import { namedGuid } from '../key-index.ts';
import type { GlobalChoice, Model } from '../model.ts';
import { filterObjects, selectMembers } from '../object-query.ts';
import { readBody } from '../payload.ts';
import { methodNotAllowed, resourceMissing } from '../protocol-error.ts';
import { readQueryOptions } from '../query-options.ts';
import type { KeyPart, Segment } from '../resource-path.ts';
import { optionSetSchema, optionsForm, readOptions } from './choice-options.ts';
import { inUse, refused } from './refusal.ts';
import { labelText, readDefinition, requireCustomName } from './schema-name.ts';

const longestName = 100;
const choiceBody = optionSetSchema.extend({ Name: z.string() });

function choiceId(name: string): string {
  return namedGuid(`global optionset ${name}`);
}

function choiceAt(model: Model, key: KeyPart): GlobalChoice {
  const name = key.kind === 'named' ? key.members.get('Name') : undefined;
  const found = [...model.choices.values()].find((choice) =>
    key.kind === 'id' ? choiceId(choice.name) === key.id : choice.name === valueText(name),
  );
  if (found === undefined) {
    throw resourceMissing('GlobalOptionSetDefinitions');
  }
  return found;
}

function valueText(literal: { readonly kind: string; readonly value?: unknown } | undefined) {
  return literal?.kind === 'text' ? String(literal.value) : undefined;
}

function note(context: ApiContext, { name, display, options }: GlobalChoice): void {
  const body = { display, options: optionsForm(options) };
  context.store.atomic(() => context.customizations.record('choice', name, body));
}

function create(context: ApiContext, request: ApiRequest): ApiResponse {
  const body = readDefinition(choiceBody, readBody(request.body));
  const { Name: name } = body;
  requireCustomName('global choice', name, longestName);
  if (context.model.choices.has(name)) {
    throw refused(`A global option set with the name ${name} already exists.`);
  }
  const options = readOptions(body.Options);
  const choice = { name, display: labelText(body.DisplayName) ?? name, options };
  note(context, choice);
  context.model.choices.set(name, choice);
  const place = `GlobalOptionSetDefinitions(${choiceId(name)})`;
  return emptyResponse(204, { 'OData-EntityId': `${context.baseUrl}${place}` });
}

/** Columns of the choice share its options, so they change with it. */
function change(context: ApiContext, choice: GlobalChoice, request: ApiRequest): ApiResponse {
  const body = readDefinition(optionSetSchema, readBody(request.body));
  const options = readOptions(body.Options);
  const changed = { ...choice, display: labelText(body.DisplayName) ?? choice.display, options };
  note(context, changed);
  choice.options.clear();
  for (const [value, text] of options) {
    choice.options.set(value, text);
  }
  context.model.choices.set(choice.name, { ...changed, options: choice.options });
  return emptyResponse(204);
}

function remove(context: ApiContext, choice: GlobalChoice): ApiResponse {
  const { model } = context;
  const users = [...model.tables.values()]
    .flatMap((table) => [...table.columns.values()])
    .filter((column) => column.globalChoice === choice.name);
  if (users.length > 0) {
    throw inUse('OptionSet', choice.name, users.length);
  }
  context.store.atomic(() => context.customizations.record('choice', choice.name));
  model.choices.delete(choice.name);
  return emptyResponse(204);
}

function read(context: ApiContext, request: ApiRequest, key: KeyPart | undefined): ApiResponse {
  const options = readQueryOptions(request.query);
  const about = `${context.baseUrl}$metadata#GlobalOptionSetDefinitions`;
  const view = (choice: GlobalChoice) => globalChoice(choice.name, choice.options, choice.display);
  if (key !== undefined) {
    const found = selectMembers(view(choiceAt(context.model, key)), options);
    return jsonResponse(200, { '@odata.context': `${about}/$entity`, ...found });
  }
  const all = filterObjects([...context.model.choices.values()].map(view), options);
  const value = all.map((one) => selectMembers(one, options));
  return jsonResponse(200, { '@odata.context': about, value });
}

/** `GlobalOptionSetDefinitions`: choices that columns of several tables share. */
export function globalChoices(
  context: ApiContext,
  request: ApiRequest,
  segment: Segment,
): ApiResponse {
  const { key } = segment;
  switch (request.method) {
    case 'GET':
      return read(context, request, key);
    case 'POST':
      return create(context, request);
    case 'PUT':
    case 'DELETE': {
      if (key === undefined) {
        throw methodNotAllowed(request.method);
      }
      const choice = choiceAt(context.model, key);
      return request.method === 'PUT' ? change(context, choice, request) : remove(context, choice);
    }
    default:
      throw methodNotAllowed(request.method);
  }
}
