import type { MapFiles } from '../map-files.ts';
import { isRecord } from '../record.ts';
import { shippedMap } from './lay-over.ts';
import type { MapName, MapVersion } from './map-log.ts';

/** A map as an admin sees it. */
export interface MapStatus extends MapName {
  /** A value map is in use where maps name it: it is always enabled. */
  readonly status: 'enabled' | 'disabled' | 'archived';
  readonly shipped: boolean;
  /** A shipped map that somebody changed. */
  readonly overridden: boolean;
  /** 0 while nobody changed the shipped map. */
  readonly version: number;
  readonly author: string;
  /** ISO 8601, UTC; empty for a shipped map. */
  readonly savedAt: string;
  /** FHIR resource type and table, of entity and expansion maps. */
  readonly resource?: string;
  readonly table?: string;
}

/** Read from the content as it is, so that maps can be listed and mended even when they are wrong. */
export function statusOf(shipped: MapFiles, current: MapVersion): MapStatus {
  const { kind, name, version, author, savedAt } = current;
  const content = isRecord(current.content) ? current.content : {};
  const isShipped = shippedMap(shipped, current) !== undefined;
  const { resource, table } = content;
  return {
    ...{ kind, name, status: stateOf(content), version, author, savedAt },
    ...{ shipped: isShipped, overridden: isShipped && version > 0 },
    ...(typeof resource === 'string' ? { resource } : {}),
    ...(typeof table === 'string' ? { table } : {}),
  };
}

function stateOf(content: Readonly<Record<string, unknown>>): MapStatus['status'] {
  if (content['archived'] === true) return 'archived';
  return content['disabled'] === true ? 'disabled' : 'enabled';
}

/** An expansion that a map hands an array to, and why it makes no rows, if it makes none. */
export interface ExpansionState {
  readonly name: string;
  /** `left-out`: the map's own Expand attribute is disabled. */
  readonly status: MapStatus['status'] | 'left-out' | 'missing';
}

/**
 * The expansions of a map and, nested, of those.
 * @param find the current content of an expansion map
 */
export function expansionsOf(
  content: unknown,
  find: (name: string) => unknown,
): readonly ExpansionState[] {
  const found = new Map<string, ExpansionState>();
  const visit = (map: unknown) => {
    for (const { name, disabled } of expandsOf(map)) {
      if (found.has(name)) continue;
      const target = find(name);
      const status = isRecord(target) ? stateOf(target) : 'missing';
      found.set(name, { name, status: disabled ? 'left-out' : status });
      if (!disabled) visit(target);
    }
  };
  visit(content);
  return [...found.values()];
}

function expandsOf(map: unknown): readonly { readonly name: string; readonly disabled: boolean }[] {
  const attributes: unknown = isRecord(map) ? map['attributes'] : undefined;
  if (!Array.isArray(attributes)) return [];
  return attributes.flatMap((attribute: unknown) =>
    isRecord(attribute) && attribute['action'] === 'Expand'
      ? [{ name: String(attribute['expansion']), disabled: attribute['disabled'] === true }]
      : [],
  );
}
