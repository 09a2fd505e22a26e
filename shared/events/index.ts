export {
  type Change,
  type ChangeCause,
  type ChangeKind,
  type ChangeSet,
  changeSchema,
  changeSetSchema,
} from './change.ts';
export { changeSetId } from './change-set-id.ts';
export {
  type ParsedEvents,
  type ParseEventsOptions,
  parseEvents,
  type QuarantinedEvent,
} from './parse-events.ts';
