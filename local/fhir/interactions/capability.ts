import type { FhirRequest, Reply, Service } from '../interaction.ts';
import { compositeParametersOf } from '../search/composite-parameters.ts';
import type { SearchParameter } from '../search/parameters.ts';

const interactions = [
  'create',
  'read',
  'vread',
  'update',
  'patch',
  'delete',
  'history-instance',
  'history-type',
  'search-type',
];
const common = [
  { name: '_id', type: 'token', definition: 'http://hl7.org/fhir/SearchParameter/Resource-id' },
  {
    name: '_lastUpdated',
    type: 'date',
    definition: 'http://hl7.org/fhir/SearchParameter/Resource-lastUpdated',
  },
];

/** The CapabilityStatement: what this service really does, from the parameters it really indexes. */
export function capabilityStatement(service: Service, request: FhirRequest): Reply {
  const resources = service.describedTypes.map((type) => resourceCapability(service, type));
  const statement = {
    resourceType: 'CapabilityStatement',
    url: `${request.baseUrl}/metadata`,
    status: 'active',
    date: service.startedAt,
    kind: 'instance',
    software: { name: 'Local FHIR service', version: '1' },
    implementation: { description: 'FHIR R4 service on this machine', url: request.baseUrl },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    patchFormat: ['application/fhir+json', 'application/json-patch+json'],
    rest: [
      {
        mode: 'server',
        resource: [],
        interaction: ['transaction', 'batch', 'search-system', 'history-system'].map((code) => ({
          code,
        })),
        operation: systemOperations(service, request),
      },
    ],
  };
  const body = JSON.stringify(statement).replace(
    '"resource":[]',
    () => `"resource":[${resources}]`,
  );
  return { status: 200, body };
}

/** As Azure Health Data Services names them; export and import need a storage account. */
function systemOperations({ bulk: { storage } }: Service, { baseUrl }: FhirRequest) {
  const bulkData = (storage === undefined ? [] : ['export', 'import']).map((name) => ({
    name,
    definition: `http://hl7.org/fhir/uv/bulkdata/OperationDefinition/${name}`,
  }));
  const own = ['reindex', 'bulk-delete', 'bulk-delete-soft-deleted'].map((name) => ({
    name,
    definition: `${baseUrl}/OperationDefinition/${name}`,
  }));
  return [...bulkData, ...own];
}

const noParameters: ReadonlyMap<string, SearchParameter> = new Map();
/** JSON by type, of parameters that are there: they are thousands, and rarely change. */
const written = new WeakMap<object, Map<string, string>>();

function resourceCapability(service: Service, type: string): string {
  const parameters = service.parameters.get(type) ?? noParameters;
  const ofParameters = written.get(parameters) ?? new Map<string, string>();
  written.set(parameters, ofParameters);
  const known = ofParameters.get(type);
  if (known !== undefined) return known;
  const text = JSON.stringify(describeType(type, [...parameters.values()]));
  ofParameters.set(type, text);
  return text;
}

function describeType(type: string, parameters: readonly SearchParameter[]) {
  const references = parameters.filter(({ kind }) => kind === 'reference');
  return {
    type,
    interaction: interactions.map((code) => ({ code })),
    versioning: 'versioned-update',
    readHistory: true,
    updateCreate: true,
    conditionalCreate: true,
    conditionalRead: 'not-supported',
    conditionalUpdate: true,
    conditionalDelete: 'single',
    searchInclude: references.map(({ code }) => `${type}:${code}`),
    searchParam: [
      ...common,
      ...parameters.map(({ code, kind, definition }) => ({ name: code, type: kind, definition })),
      ...compositeParametersOf(type).map(({ code, definition }) => ({
        name: code,
        type: 'composite',
        definition,
      })),
    ],
    operation: [
      { name: 'validate', definition: 'http://hl7.org/fhir/OperationDefinition/Resource-validate' },
    ],
  };
}
