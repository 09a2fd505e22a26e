export { type Clock, realClock } from './clock.ts';
export {
  createDurableEngine,
  createObservableEngine,
  type ObservableEngine,
  type ObservableEngineOptions,
} from './engine.ts';
export { durableClientBinding } from './management-links.ts';
export { ProtocolError } from './protocol-error.ts';
export { type RefusalCode, RefusedShapeError } from './refused-shape.ts';
export { StoreError } from './store-error.ts';
export type {
  ContextInspector,
  DurableEngine,
  DurableEngineOptions,
  DurableEngineStatus,
  DurableFunctionKind,
  DurableWorker,
} from './worker.ts';
