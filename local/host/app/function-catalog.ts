import type { Environment } from '../settings/app-settings.ts';
import type { Binding, FunctionCallback, FunctionMetadata } from './core-contract.ts';
import type { RegisteredFunction } from './registration.ts';

export type TriggerKind =
  | 'http'
  | 'timer'
  | 'queue'
  | 'eventGrid'
  | 'orchestrator'
  | 'activity'
  | 'entity'
  | 'unsupported';

/** A registered function in the form the host works with. */
export interface AppFunction {
  readonly name: string;
  readonly kind: TriggerKind;
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
  readonly triggerName: string;
  readonly trigger: Binding;
  /** Names of inputs that receive the durable client. */
  readonly clientInputs: readonly string[];
  readonly disabled: boolean;
}

export interface FunctionCatalog {
  readonly all: readonly AppFunction[];
  /** Enabled functions with this trigger. */
  of(kind: TriggerKind): readonly AppFunction[];
  /** Names ignore case. */
  find(name: string): AppFunction | undefined;
}

const kinds: Readonly<Record<string, TriggerKind>> = {
  httptrigger: 'http',
  timertrigger: 'timer',
  queuetrigger: 'queue',
  eventgridtrigger: 'eventGrid',
  orchestrationtrigger: 'orchestrator',
  activitytrigger: 'activity',
  entitytrigger: 'entity',
};

const clientTypes = new Set(['durableclient', 'orchestrationclient']);

/** @param environment settings `AzureWebJobs.<function>.Disabled` switch functions off, as on Azure */
export function createCatalog(
  registered: Iterable<RegisteredFunction>,
  environment: Environment,
): FunctionCatalog {
  const all = [...registered].map((entry) => appFunction(entry, environment));
  const byName = new Map(all.map((entry) => [entry.name.toLowerCase(), entry]));
  return {
    all,
    of: (kind) => all.filter((entry) => entry.kind === kind && !entry.disabled),
    find: (name) => byName.get(name.toLowerCase()),
  };
}

function appFunction(
  { metadata, callback }: RegisteredFunction,
  environment: Environment,
): AppFunction {
  const bindings = Object.entries(metadata.bindings);
  const [triggerName, trigger] = bindings.find(([, { type }]) => /trigger$/i.test(type)) ?? [
    '',
    { type: 'none' },
  ];
  return {
    name: metadata.name,
    kind: kinds[trigger.type.toLowerCase()] ?? 'unsupported',
    metadata,
    callback,
    triggerName,
    trigger,
    clientInputs: bindings
      .filter(([, { type }]) => clientTypes.has(type.toLowerCase()))
      .map(([name]) => name),
    disabled: /^(1|true)$/i.test(environment[`AzureWebJobs.${metadata.name}.Disabled`] ?? ''),
  };
}

/**
 * What the app registered and this host does not run, one sentence each:
 * nothing an app asks for is dropped silently.
 */
export function unsupportedParts(catalog: FunctionCatalog): readonly string[] {
  return catalog.all.flatMap(({ name, kind, trigger, triggerName, metadata, clientInputs }) => [
    ...(kind === 'unsupported'
      ? [
          `Function "${name}" has the trigger type "${trigger.type}", which this host does not run: it is never called.`,
        ]
      : []),
    ...Object.entries(metadata.bindings)
      .filter(([binding]) => binding !== triggerName && !clientInputs.includes(binding))
      .filter(([, { type, direction }]) => !(direction === 'out' && type.toLowerCase() === 'http'))
      .map(
        ([binding, { type, direction }]) =>
          `Function "${name}" has the ${direction === 'out' ? 'output' : 'input'} "${binding}" of type "${type}", which this host does not provide: ${direction === 'out' ? 'its value is dropped' : 'it is undefined'}.`,
      ),
  ]);
}
