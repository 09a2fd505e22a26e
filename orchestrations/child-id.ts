import type { OrchestrationContext } from './steps.ts';

/** Instance ids have at most 256 characters (facts/durable-host.md 3.3). */
const longest = 200;

/**
 * The instance id of a child: its parent's id and the part it plays, so that a
 * list of instances reads as a family tree. Releases may set off releases without
 * end, so an id that would grow too long is folded to the first ancestor and a
 * GUID, the same in every replay.
 */
export function childId(context: OrchestrationContext, part: string): string {
  const { instanceId } = context.df;
  const id = `${instanceId}:${part.replaceAll(/[^\w.-]/g, '-')}`;
  if (id.length <= longest) return id;
  const [ancestor = ''] = instanceId.split(':');
  return `${ancestor.slice(0, longest / 2)}:${context.df.newGuid(instanceId)}`;
}
