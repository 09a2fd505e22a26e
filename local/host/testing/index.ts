export { type Handlers, HandlerWorker, type InlineActivity } from './handler-worker.ts';
export {
  type ActivityCall,
  type RaisedEvent,
  type RunOptions,
  type RunResult,
  runOrchestrator,
} from './run-orchestrator.ts';
export { startTestEngine, type TestEngine, type TestEngineOptions } from './test-engine.ts';
export { VirtualClock } from './virtual-clock.ts';
