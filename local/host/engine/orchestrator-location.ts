import { type Runtime, Session } from 'node:inspector';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isObject } from './actions.ts';

type Properties = Runtime.GetPropertiesReturnType;

interface Place {
  readonly scriptId: string;
  readonly lineNumber: number;
}

const handOver = Symbol.for('durable-engine.generator');
const urls = new Map<string, string>();

function internal(properties: Properties | undefined, name: string): unknown {
  return properties?.internalProperties?.find((property) => property.name === name)?.value;
}

function propertiesOf(session: Session, objectId: string): Properties | undefined {
  let found: Properties | undefined;
  session.post('Runtime.getProperties', { objectId }, (_error, properties) => {
    found = properties;
  });
  return found;
}

function objectIdOf(value: unknown): string | undefined {
  return isObject(value) && typeof value['objectId'] === 'string' ? value['objectId'] : undefined;
}

function placeOf(value: unknown): Place | undefined {
  const place = isObject(value) ? value['value'] : undefined;
  if (!isObject(place)) return undefined;
  const { scriptId, lineNumber } = place;
  if (typeof scriptId !== 'string' || typeof lineNumber !== 'number') return undefined;
  return { scriptId, lineNumber };
}

/** Where the generator is suspended; where its function begins once it has ended. */
function find(session: Session, objectId: string): Place | undefined {
  const generator = propertiesOf(session, objectId);
  if (isObject(internal(generator, '[[GeneratorState]]'))) {
    const state = internal(generator, '[[GeneratorState]]');
    const suspended = isObject(state) && state['value'] === 'suspended';
    if (suspended) return placeOf(internal(generator, '[[GeneratorLocation]]'));
  }
  const code = objectIdOf(internal(generator, '[[GeneratorFunction]]'));
  if (code === undefined) return undefined;
  return placeOf(internal(propertiesOf(session, code), '[[FunctionLocation]]'));
}

/** The inspector tells the addresses of scripts only to a debugger, so one is attached for a moment. */
function urlOf(session: Session, scriptId: string): string | undefined {
  if (!urls.has(scriptId)) {
    session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url));
    session.post('Debugger.enable');
    session.post('Debugger.disable');
  }
  return urls.get(scriptId);
}

function spelled(url: string, line: number): string {
  const path = url.startsWith('file:') ? relative(process.cwd(), fileURLToPath(url)) : url;
  return `${path.replaceAll('\\', '/')}:${line}`;
}

function generatorOf(context: unknown): object | undefined {
  const df = isObject(context) ? context['df'] : undefined;
  const executor = isObject(df) ? df['taskOrchestratorExecutor'] : undefined;
  const generator = isObject(executor) ? executor['generator'] : undefined;
  return isObject(generator) ? generator : undefined;
}

/**
 * "file:line" of the yield that an orchestrator waits at after a call of it,
 * read from V8 through the inspector; undefined when there is no telling.
 * `context` is the InvocationContext that the handler received.
 */
export function orchestratorLocation(context: unknown): string | undefined {
  const generator = generatorOf(context);
  if (generator === undefined) return undefined;
  const session = new Session();
  try {
    session.connect();
    Reflect.set(globalThis, handOver, generator);
    let objectId: string | undefined;
    const expression = `globalThis[Symbol.for(${JSON.stringify(handOver.description)})]`;
    session.post('Runtime.evaluate', { expression }, (_error, { result }) => {
      objectId = result.objectId;
    });
    const place = objectId === undefined ? undefined : find(session, objectId);
    const url = place === undefined ? undefined : urlOf(session, place.scriptId);
    return place === undefined || url === undefined
      ? undefined
      : spelled(url, place.lineNumber + 1);
  } catch {
    // Without an inspector the error keeps its name and remedy and lacks the line.
    return undefined;
  } finally {
    Reflect.deleteProperty(globalThis, handOver);
    session.disconnect();
  }
}
