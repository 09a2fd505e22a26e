import type { HttpRequest } from '@azure/functions';
import type { Config } from '../../shared/config.ts';
import type { DataverseClient } from '../../shared/dataverse/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { FhirClient, FhirResource } from '../../shared/fhir/index.ts';
import type { Editor, MapName, MapPack, MapStore, PackSource } from '../../shared/mapping/index.ts';
import { callerName } from '../caller-role.ts';

export interface MapDependencies {
  readonly config: Pick<Config, 'authorization' | 'fhir'>;
  readonly maps: MapStore;
  readonly packs: PackSource;
  /** To try maps on what is there; nothing is written to either side. */
  readonly fhir: FhirClient;
  readonly dataverse: DataverseClient;
  /** Of these resources, those that consent keeps out of Dataverse now, as `Type/id`. */
  readonly withheld: (
    pack: MapPack,
    resources: readonly FhirResource[],
  ) => Promise<ReadonlySet<string>>;
}

/** Characters of a body that holds maps. */
export const mostCharacters = 1_000_000;

/** Which map a route names. @throws AppError NOT_FOUND for a kind that there is not */
export function mapOf({ params }: Pick<HttpRequest, 'params'>): MapName {
  const { kind, name = '' } = params;
  if (kind === 'entity' || kind === 'expansion' || kind === 'values') return { kind, name };
  throw new AppError('NOT_FOUND', 'maps are of the kinds entity, expansion and values');
}

/** The version that a query names; undefined when it names none. */
export function versionAsked({ query }: Pick<HttpRequest, 'query'>): number | undefined {
  const text = query.get('version');
  if (text === null) return undefined;
  if (/^\d{1,8}$/.test(text)) return Number(text);
  throw new AppError('INPUT_INVALID', 'version is a number from 0, the shipped map, on');
}

export const etagOf = (version: number): string => `"${version}"`;

/** Who changes a map, and which version of it they know, if they say so (RFC 9110 13.1). */
export function editorOf(request: HttpRequest, { config }: MapDependencies): Editor {
  const author = callerName(request, config.authorization);
  const match = request.headers.get('if-match');
  const noneMatch = request.headers.get('if-none-match');
  if (match !== null && noneMatch === null) return { author, expects: versionOf(match) };
  if (match === null && noneMatch === null) return { author };
  if (match === null && noneMatch === '*') return { author, expects: 'none' };
  throw new AppError(
    'INPUT_INVALID',
    'send either If-Match with the ETag that you read, or If-None-Match: * for a new map',
  );
}

/** The same where the version must be said, so that nobody overwrites what they have not seen. */
export function informedEditorOf(request: HttpRequest, deps: MapDependencies): Editor {
  const editor = editorOf(request, deps);
  if (editor.expects !== undefined) return editor;
  throw new AppError(
    'PRECONDITION_REQUIRED',
    'send If-Match with the ETag of the version that you edited, or If-None-Match: * for a new map',
  );
}

function versionOf(etag: string): number {
  const [, version] = /^\s*"(\d{1,8})"\s*$/.exec(etag) ?? [];
  if (version !== undefined) return Number(version);
  throw new AppError('INPUT_INVALID', 'If-Match takes one ETag as it was answered, such as "3"');
}
