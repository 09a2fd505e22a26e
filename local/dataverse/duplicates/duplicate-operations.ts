import { z } from 'zod';
import type { ApiContext } from '../api-context.ts';
import { type ApiRequest, type ApiResponse, emptyResponse, jsonResponse } from '../api-message.ts';
import { isGuid } from '../column-value.ts';
import { namedGuid } from '../key-index.ts';
import type { Table } from '../model.ts';
import { isJsonObject, type JsonObject, readBody } from '../payload.ts';
import { badQuery, DataverseError, rowMissing } from '../protocol-error.ts';
import { readQueryOptions } from '../query-options.ts';
import { readReference } from '../resource-path.ts';
import type { Row, Scalar } from '../row.ts';
import { addressOf, findRow, tableOf } from '../row-address.ts';
import { rowRenderer } from '../row-view.ts';
import { updateRow } from '../row-writer.ts';
import { rowsWith } from '../security/principal.ts';
import { findDuplicates, published } from './find-duplicates.ts';

const call =
  /^RetrieveDuplicates\(BusinessEntity=(?<base>[^,]+),MatchingEntityName=(?<matching>[^,]+),PagingInfo=(?<paging>[^,)]+)\)$/;

/** Parameters are JSON with either kind of quotes, as the page's own sample has them. */
function readObject(text: string | undefined): JsonObject {
  for (const candidate of [text ?? '', (text ?? '').replaceAll("'", '"')]) {
    try {
      const value: unknown = JSON.parse(candidate);
      if (isJsonObject(value)) {
        return value;
      }
    } catch {
      // The other kind of quotes is tried, then it is refused.
    }
  }
  throw badQuery('A parameter of RetrieveDuplicates is not a JSON object.');
}

interface Base {
  readonly table: Table;
  readonly row: Row | undefined;
  readonly entity: JsonObject;
}

function readBase(context: ApiContext, entity: JsonObject): Base {
  const reference = entity['@odata.id'];
  if (typeof reference === 'string') {
    const segment = readReference(reference);
    const table = tableOf(context.model, segment);
    const address = segment.key && addressOf(table, segment.key, context.now);
    return { table, row: address && findRow(context.store, address), entity };
  }
  const name = String(entity['@odata.type'] ?? '').replace(/^#?Microsoft\.Dynamics\.CRM\./, '');
  const table = context.model.tables.get(name);
  if (table === undefined) {
    throw badQuery("BusinessEntity needs '@odata.type': 'Microsoft.Dynamics.CRM.<table>'.");
  }
  const id = entity[table.primaryId];
  const row =
    typeof id === 'string' && isGuid(id) ? context.store.get(table, id.toLowerCase()) : undefined;
  return { table, row, entity };
}

function candidateOf({ table, row, entity }: Base) {
  const values: Record<string, Scalar> = { ...row?.values };
  for (const [name, value] of Object.entries(entity)) {
    const isScalar = ['string', 'number', 'boolean'].includes(typeof value);
    const column = table.columns.get(name);
    if (column !== undefined && isScalar) {
      values[name] =
        typeof value === 'number' || typeof value === 'boolean' ? value : String(value);
    }
  }
  return { id: row?.id, values };
}

const pagingSchema = z.object({
  PageNumber: z.int().positive().default(1),
  Count: z.int().positive().max(5000).default(5000),
});

/** `GET RetrieveDuplicates(BusinessEntity=@p1,MatchingEntityName=@p2,PagingInfo=@p3)?@p1=..`. */
export function retrieveDuplicates(context: ApiContext, request: ApiRequest): ApiResponse {
  const found = call.exec(decodeURIComponent(request.path))?.groups;
  if (found === undefined) {
    throw badQuery('RetrieveDuplicates needs BusinessEntity, MatchingEntityName and PagingInfo.');
  }
  const options = readQueryOptions(request.query);
  const value = (text = ''): string =>
    text.startsWith('@') ? (options.aliases.get(text) ?? '') : text;
  const base = readBase(context, readObject(value(found['base'])));
  const matchingName = value(found['matching']).replace(/^'|'$/g, '');
  const matching = context.model.tables.get(matchingName);
  const paging = pagingSchema.safeParse(readObject(value(found['paging'])));
  if (matching === undefined || !paging.success) {
    throw badQuery('MatchingEntityName is a table name, PagingInfo holds PageNumber and Count.');
  }
  const rows = findDuplicates(
    context,
    { table: base.table, candidate: candidateOf(base) },
    matchingName,
  );
  const { PageNumber, Count } = paging.data;
  const page = rows.slice((PageNumber - 1) * Count, PageNumber * Count);
  const { render } = rowRenderer(matching, options, { context, annotations: [] });
  return jsonResponse(200, {
    '@odata.context': `${context.baseUrl}$metadata#${matching.entitySet}`,
    value: page.map(render),
  });
}

/** `POST PublishDuplicateRule` and `POST UnpublishDuplicateRule`: the job is done at once. */
export function publishRule(
  context: ApiContext,
  request: ApiRequest,
  isPublishing: boolean,
): ApiResponse {
  const id = String(readBody(request.body)['DuplicateRuleId'] ?? '').toLowerCase();
  const table = context.model.tables.get('duplicaterule');
  const rule = table && context.store.get(table, id);
  if (table === undefined || rule === undefined) {
    throw rowMissing('duplicaterule', isGuid(id) ? id : '');
  }
  const place = { table: 'duplicaterulecondition', column: 'regardingobjectid' };
  if (isPublishing && rowsWith(context, place, id).length === 0) {
    throw new DataverseError(
      400,
      '0x80048414',
      'No criteria have been specified. Add criteria, and then publish the duplicate detection rule.',
    );
  }
  const values = new Map<string, Scalar>([
    ['statecode', isPublishing ? 1 : 0],
    ['statuscode', isPublishing ? published : 0],
  ]);
  context.store.atomic(() =>
    updateRow(context, table, rule, { values, columns: [...values.keys()] }),
  );
  if (!isPublishing) {
    return emptyResponse(204);
  }
  const about = `${context.baseUrl}$metadata#Microsoft.Dynamics.CRM.PublishDuplicateRuleResponse`;
  return jsonResponse(200, { '@odata.context': about, JobId: namedGuid(`publish ${id}`) });
}
