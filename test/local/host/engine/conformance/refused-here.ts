/** Where the engine ends an instance by name and the real host hangs or silently corrupts (refused-shape.ts has the table). */
export const refusedHere: Readonly<Record<string, string>> = {
  'activity-unknown': 'UNKNOWN_ACTIVITY',
  'activity-unknown-uncaught': 'UNKNOWN_ACTIVITY',
  'entity-unknown': 'UNKNOWN_ENTITY',
  'fatal-child-own-id': 'CHILD_ID_IN_USE',
  'fatal-numeric-event': 'NUMERIC_EVENT_NAME',
  'fatal-numeric-event-clash': 'NUMERIC_EVENT_NAME',
  'fatal-relist-activity': 'TASK_LISTED_TWICE',
  'fatal-relist-timer': 'TASK_LISTED_TWICE',
  'fatal-retry-in-all-fails-early': 'RETRY_LEFT_BEHIND',
  'fatal-retry-timeout': 'RETRY_TIMEOUT',
  'start-with-version': 'VERSION_NOT_SERVED',
  'sub-unknown': 'UNKNOWN_ORCHESTRATOR',
  'throw-undefined': 'NOTHING_TO_WAIT_FOR',
};
