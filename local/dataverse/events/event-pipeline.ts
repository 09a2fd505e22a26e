import type { Payload } from '../payload.ts';
import { DataverseError } from '../protocol-error.ts';
import type { RowStore } from '../row-store.ts';
import type { Writer } from '../row-writer.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import { contextMessage, rowContext, rowsContext } from './execution-context.ts';
import { type PluginRule, type PluginRules, strikes } from './plugin-rules.ts';
import { checkRegistration } from './registration-check.ts';
import { type EventSetting, overlaid, type RowEvent, touches } from './row-event.ts';
import { type Step, stages } from './step.ts';
import { isRegistration, type StepRegistry } from './step-registry.ts';
import type { WebhookSender } from './webhook-sender.ts';

/** Dataverse's `MaxDepth`: a write that plug-ins started eight levels down may start no more. */
const maxDepth = 8;

export interface PipelineParts {
  readonly store: RowStore;
  readonly steps: StepRegistry;
  readonly rules: PluginRules;
  readonly queue: DeliveryQueue;
  readonly sender: WebhookSender;
}

/** What came of the steps and plug-ins before a write. */
export interface Ruling {
  /** What is written: what the caller sent, and what plug-ins changed. */
  readonly payload: Payload;
  /** Scripted plug-ins that struck this event. */
  readonly struck: readonly PluginRule[];
}

type RowEvents = readonly [RowEvent, ...RowEvent[]];

function isSome(events: readonly RowEvent[]): events is RowEvents {
  return events.length > 0;
}

function settingOf({ call, frame, caller, now, memory }: Writer): EventSetting {
  const { correlationId } = memory;
  return { call, frame, caller, now, correlationId, operationId: memory.newId() };
}

function isSkipped({ call }: Writer, step: Step): boolean {
  return (step.isAsync ? call.skipsAsync : call.skipsSync) || call.skippedSteps.has(step.id);
}

/** Runs the steps and scripted plug-ins that listen to writes of rows. */
export class EventPipeline {
  readonly #parts: PipelineParts;
  #isQuiet = true;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  /** Origins beside the loopback ones that may be called. */
  get origins(): readonly string[] {
    return this.#parts.sender.origins;
  }

  /** Takes in what earlier calls registered; call it outside every transaction. */
  beginCall(): void {
    const { steps, rules, store } = this.#parts;
    steps.refresh();
    this.#isQuiet = steps.isEmpty && rules.isEmpty;
    store.guardsSingles = steps.hasSync || !rules.isEmpty;
  }

  /** Before the write. Throws what refuses the operation, or `Suspension` to wait for a step. */
  before(writer: Writer, event: RowEvent): Ruling {
    const { steps, store, sender } = this.#parts;
    if (isRegistration(event.table.name)) {
      const { origins } = sender;
      checkRegistration(event, { model: writer.model, store, origins });
      steps.invalidate();
    }
    if (this.#isQuiet) {
      return { payload: event.payload, struck: [] };
    }
    if ((writer.frame?.depth ?? 1) > maxDepth) {
      throw new DataverseError(
        400,
        '0x80044182',
        'This workflow job was canceled because the workflow that started it included an infinite loop. Correct the workflow logic and try again.',
      );
    }
    const struck = this.#struck(writer, event);
    const payload = struck.reduce(
      (sent, { set }) => (set === undefined ? sent : overlaid(sent, set)),
      event.payload,
    );
    this.#run(writer, [{ ...event, payload }], {
      message: event.message,
      isWanted: (step) => step.stage !== stages.postOperation,
    });
    return { payload, struck };
  }

  /** After the write, in its transaction; `update` writes the row again on behalf of a plug-in. */
  after(
    writer: Writer,
    event: RowEvent,
    { struck, update }: Ruling & { readonly update: (deeper: Writer, payload: Payload) => void },
  ): void {
    if (this.#isQuiet) {
      return;
    }
    this.#run(writer, [event], {
      message: event.message,
      isWanted: (step) => step.stage === stages.postOperation,
    });
    if (writer.bulk === undefined) {
      this.#runMultiple(writer, [event]);
    } else {
      writer.bulk.push(event);
    }
    for (const rule of struck) {
      if (rule.update !== undefined) {
        update(this.#deeper(writer, event), rule.update);
      }
    }
  }

  /** At the end of a bulk message: the steps of `CreateMultiple` and `UpdateMultiple`, once for all rows. */
  afterBulk(writer: Writer, events: readonly RowEvent[]): void {
    for (const message of ['Create', 'Update']) {
      const some = events.filter((event) => event.message === message);
      if (isSome(some)) {
        this.#runMultiple(writer, some);
      }
    }
  }

  #deeper(writer: Writer, event: RowEvent): Writer {
    const depth = (writer.frame?.depth ?? 1) + 1;
    const context = rowContext(settingOf(writer), event);
    return { ...writer, bulk: undefined, frame: { depth, context } };
  }

  /** Counts the event for the scripted plug-ins, holds it up, and fails it where one says so. */
  #struck(writer: Writer, event: RowEvent): readonly PluginRule[] {
    if (writer.call.skipsSync) {
      return [];
    }
    const { memory } = writer;
    const place = memory.newPlace();
    const struck = this.#parts.rules
      .matching(event)
      .filter((rule) => memory.decideOnce(`${rule.place} ${place}`, () => strikes(rule)));
    for (const rule of struck) {
      const { delayMs, error } = rule.form;
      if (delayMs !== undefined) {
        memory.pause(`${rule.place} ${place}`, delayMs);
      }
      if (error !== undefined) {
        throw new DataverseError(error.status, error.code, error.message);
      }
    }
    return struck;
  }

  #runMultiple(writer: Writer, events: RowEvents): void {
    const message = `${events[0].message}Multiple`;
    this.#run(writer, events, { message, isWanted: () => true });
  }

  #run(
    writer: Writer,
    events: RowEvents,
    wanted: { readonly message: string; readonly isWanted: (step: Step) => boolean },
  ): void {
    for (const step of this.#parts.steps.of(wanted.message, events[0].table.name)) {
      const isTouched = events.some((event) => touches(event, step.filter));
      if (isTouched && wanted.isWanted(step) && !isSkipped(writer, step)) {
        this.#runStep(writer, events, step);
      }
    }
  }

  #runStep(writer: Writer, events: RowEvents, step: Step): void {
    const setting = settingOf(writer);
    const isMultiple = step.message.endsWith('Multiple');
    const context = isMultiple
      ? rowsContext(setting, events, step)
      : rowContext(setting, events[0], step);
    const message = contextMessage(context);
    if (step.isAsync) {
      const { now, correlationId, frame } = setting;
      const facts = {
        ...{ messageName: step.message, tableName: events[0].table.name },
        ...{ now, correlationId, depth: frame?.depth ?? 1 },
      };
      this.#parts.queue.add({ job: writer.memory.newId(), step, message, facts });
      return;
    }
    const { endpoint } = step;
    if (endpoint !== undefined) {
      const send = () => this.#parts.sender.send({ endpoint, ...message });
      const result = writer.memory.answer(`${step.id} ${message.body}`, send);
      if (result.kind === 'failed') {
        throw new DataverseError(400, result.code, result.message);
      }
    }
  }
}
