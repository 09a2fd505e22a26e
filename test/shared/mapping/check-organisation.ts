import type { ColumnMetadata, TableMetadata } from '../../../shared/dataverse/index.ts';
import { checkPack, type FindTable, loadMapFiles } from '../../../shared/mapping/index.ts';
import { withMapsFolder } from './maps-folder.ts';

/** A small organisation, and small maps, to check one thing at a time. */
export const column = (logicalName: string, type: string, more = {}): ColumnMetadata => ({
  ...{ logicalName, type, required: false, validForCreate: true, validForUpdate: true },
  ...more,
});

export const basic: TableMetadata = {
  ...{ logicalName: 'basic', entitySet: 'basics', primaryId: 'basicid', keys: [] },
  columns: new Map(
    [
      ...['msemr_azurefhirid', 'msemr_azurefhirversion', 'msemr_azurefhirlastupdatedon', 'free'],
      ...['basicid'],
    ]
      .map((name) => column(name, 'String'))
      .concat([
        column('short', 'String', { maxLength: 10 }),
        column('pick', 'Picklist', { options: [1, 2] }),
        column('made', 'String', { validForUpdate: false }),
        column('link', 'Lookup'),
      ])
      .map((one) => [one.logicalName, one] as const),
  ),
  lookups: new Map([['link', new Map([['contact', 'Link']])]]),
};
export const child: TableMetadata = {
  ...{ logicalName: 'child', entitySet: 'children', primaryId: 'childid', keys: [] },
  columns: new Map([
    ['value', column('value', 'String', { maxLength: 5 })],
    ['parent', column('parent', 'Lookup')],
  ]),
  lookups: new Map([['parent', new Map([['other', 'Parent']])]]),
};
const concepts: TableMetadata = {
  ...basic,
  logicalName: 'msemr_codeableconcept',
  columns: new Map([['msemr_type', column('msemr_type', 'Picklist', { options: [7] })]]),
};
export const table =
  (own: TableMetadata = basic): FindTable =>
  async (name) =>
    [own, child, concepts].find(({ logicalName }) => logicalName === name);

export const text = { column: 'free', action: 'Copy Data', type: 'string', source: '$.a' };
export const entity = { name: 'Basic', resource: 'Basic', table: 'basic', attributes: [text] };
export const withAttribute = (attribute: object) => ({
  'entity/basic.json': { ...entity, attributes: [attribute] },
});
export const values = (dataverse: number) => ({
  'values/v.json': { name: 'v', rows: [{ fhir: 'a', dataverse }] },
});
export const expansion = (more: object) => ({
  'entity/basic.json': {
    ...entity,
    attributes: [text, { action: 'Expand', source: '$.a[*]', expansion: 'kids' }],
  },
  'expansion/kids.json': {
    ...{ name: 'kids', resource: 'Basic', table: 'child', expand: true, parentLink: 'parent' },
    attributes: [{ ...text, column: 'value', maxLength: 5, matching: true }],
    ...more,
  },
});

export function check(files: Record<string, unknown>, options: Parameters<typeof checkPack>[1]) {
  return withMapsFolder(files, async (folder) => checkPack(await loadMapFiles(folder), options));
}
