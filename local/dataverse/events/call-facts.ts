import type { ApiRequest } from '../api-message.ts';
import { readSessionToken } from '../elastic/session-token.ts';
import { DataverseError } from '../protocol-error.ts';

/** Optional parameters of one request that change which steps run and what they are told. */
export interface CallFacts {
  /** `?tag=`: arrives in the `SharedVariables` of every step (facts A7). */
  readonly tag: string | undefined;
  readonly skipsSync: boolean;
  readonly skipsAsync: boolean;
  readonly skippedSteps: ReadonlySet<string>;
  /** Row version that `MSCRM.SessionToken` has seen of elastic tables; 0 without one. */
  readonly sessionVersion: number;
  /** Privileges that the bypass headers need (facts A7). */
  readonly privileges: readonly string[];
}

export const plainCall: CallFacts = {
  tag: undefined,
  skipsSync: false,
  skipsAsync: false,
  skippedSteps: new Set(),
  sessionVersion: 0,
  privileges: [],
};

/** Microsoft's default for `MSCRM.BypassBusinessLogicExecutionStepIds`. */
const maxSkippedSteps = 3;

function refuse(message: string): DataverseError {
  return new DataverseError(400, '0x80040203', message);
}

function list(text: string | undefined): readonly string[] {
  const parts = (text ?? '').split(',').map((part) => part.trim());
  return parts.filter((part) => part !== '');
}

function skippedLogic(header: string | undefined): ReadonlySet<string> {
  const kinds = list(header).map((kind) => kind.toLowerCase());
  const unknown = kinds.find((kind) => kind !== 'customsync' && kind !== 'customasync');
  if (unknown !== undefined) {
    throw refuse(
      'MSCRM.BypassBusinessLogicExecution takes CustomSync, CustomAsync or both, with a comma between.',
    );
  }
  return new Set(kinds);
}

function skippedSteps(header: string | undefined): ReadonlySet<string> {
  const ids = list(header).map((id) => id.toLowerCase());
  if (ids.length > maxSkippedSteps) {
    throw refuse(
      `MSCRM.BypassBusinessLogicExecutionStepIds takes at most ${maxSkippedSteps} step ids.`,
    );
  }
  return new Set(ids);
}

function tagOf(query: string): string | undefined {
  const raw = /(?:^|&)tag=([^&]*)/.exec(query)?.[1];
  if (raw === undefined) {
    return undefined;
  }
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '));
  } catch {
    throw refuse("The value of 'tag' is not percent-encoded text.");
  }
}

/** Throws 400 for a bypass header that says nothing Dataverse knows. */
export function readCallFacts({ headers, query }: ApiRequest): CallFacts {
  const logic = headers['mscrm.bypassbusinesslogicexecution'];
  const steps = headers['mscrm.bypassbusinesslogicexecutionstepids'];
  const plugins = headers['mscrm.bypasscustompluginexecution'];
  const isPlain = logic === undefined && steps === undefined && plugins === undefined;
  const session = headers['mscrm.sessiontoken'];
  if (isPlain && session === undefined && !query.includes('tag=')) {
    return plainCall;
  }
  const skipped = skippedLogic(logic);
  const skipsPlugins = plugins?.toLowerCase() === 'true';
  const usesLogic = logic !== undefined || steps !== undefined;
  return {
    privileges: [
      ...(usesLogic ? ['prvBypassCustomBusinessLogic'] : []),
      ...(skipsPlugins ? ['prvBypassCustomPlugins'] : []),
    ],
    tag: tagOf(query),
    skipsSync: skipped.has('customsync') || skipsPlugins,
    skipsAsync: skipped.has('customasync'),
    skippedSteps: skippedSteps(steps),
    sessionVersion: readSessionToken(session),
  };
}
