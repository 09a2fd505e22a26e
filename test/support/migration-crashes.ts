import { AsyncLocalStorage } from 'node:async_hooks';
import type { MigrationDependencies, MigrationEnd } from '../../activities/migration/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { MigrationStore, Records } from '../../shared/migration/index.ts';

/** One process of the app: once it is lost, nothing that runs in it has an effect any more. */
export interface Process {
  lost: boolean;
}

/** What befalls a side effect: the step may be cut before it, after it, or the whole process is lost. */
export type Fate = 'goes-well' | 'cut-before' | 'cut-after' | 'process-lost-after';

interface Running {
  readonly process: Process;
  cut: boolean;
}

const running = new AsyncLocalStorage<Running>();

/** Runs a step in a process; a step that was cut has no further effect, like one that was killed. */
export function inProcess<Output>(process: Process, step: () => Promise<Output>): Promise<Output> {
  return running.run({ process, cut: false }, async () => {
    const output = await step();
    if (running.getStore()?.cut === true) throw cut('after its end');
    return output;
  });
}

const cut = (place: string): AppError =>
  new AppError('STATE_UNAVAILABLE', `the step was cut ${place}`);

/** Lets `fateOf` decide over every side effect of the steps of a migration. */
export function withCrashes(
  deps: MigrationDependencies,
  fateOf: (effect: string) => Fate,
): MigrationDependencies {
  const effect = async <Output>(name: string, work: () => Promise<Output>): Promise<Output> => {
    const step = running.getStore();
    if (step?.cut === true || step?.process.lost === true) throw cut(`before ${name}`);
    const fate = fateOf(name);
    if (fate === 'cut-before') throw fall(step, `before ${name}`);
    const output = await work();
    if (fate === 'process-lost-after' && step !== undefined) step.process.lost = true;
    if (fate !== 'goes-well') throw fall(step, `after ${name}`);
    return output;
  };
  return {
    ...deps,
    store: crashingStore(deps.store, effect),
    ends: {
      source: crashingEnd(deps.ends.source, effect),
      target: crashingEnd(deps.ends.target, effect),
    },
    importer: {
      ...deps.importer,
      kickOff: (request) => effect('import kick-off', () => deps.importer.kickOff(request)),
      cancel: (url) => effect('import cancel', () => deps.importer.cancel(url)),
    },
    blobs: {
      ...deps.blobs,
      write: (container, name, content) =>
        effect(`write ${name}`, () => deps.blobs.write(container, name, content)),
      compose: (container, name, sources) =>
        effect(`compose ${name}`, () => deps.blobs.compose(container, name, sources)),
      ensureContainer: (name) => effect('make a container', () => deps.blobs.ensureContainer(name)),
      removeContainer: (name) =>
        effect('remove a container', () => deps.blobs.removeContainer(name)),
      remove: (url) => effect('remove a blob', () => deps.blobs.remove(url)),
    },
  };
}

function fall(step: Running | undefined, place: string): AppError {
  if (step !== undefined) step.cut = true;
  return cut(place);
}

type Effect = <Output>(name: string, work: () => Promise<Output>) => Promise<Output>;

function crashingEnd(end: MigrationEnd, effect: Effect): MigrationEnd {
  const { service } = end;
  return {
    ...end,
    service: {
      ...service,
      remove: (reference, options) =>
        effect('delete in a service', () => service.remove(reference, options)),
      put: (reference, json) => effect('write to a service', () => service.put(reference, json)),
    },
    exporter: (dialect) => {
      const exporter = end.exporter(dialect);
      return {
        ...exporter,
        kickOff: (request) => effect('export kick-off', () => exporter.kickOff(request)),
        cancel: (url) => effect('export cancel', () => exporter.cancel(url)),
      };
    },
  };
}

function crashingStore(store: MigrationStore, effect: Effect): MigrationStore {
  return new Proxy(store, {
    get: (target, name, receiver) =>
      crashing(String(name), Reflect.get(target, name, receiver), effect),
  });
}

function crashing<T>(name: string, records: Records<T>, effect: Effect): Records<T> {
  return {
    ...records,
    put: (partition, row, record) =>
      effect(`put ${name} ${row}`, () => records.put(partition, row, record)),
    /** A batch of rows may be cut in the middle: the service takes a hundred at a time. */
    putAll: async (all) => {
      for (const { partition, row, record } of all) {
        await effect(`put ${name} ${row}`, () => records.put(partition, row, record));
      }
    },
    remove: (partition, row) =>
      effect(`remove ${name} ${row}`, () => records.remove(partition, row)),
  };
}
