/** Messages that a step can be registered for on a standard table (facts A5, A10). */
export const eventMessages = [
  'Create',
  'Update',
  'Delete',
  'CreateMultiple',
  'UpdateMultiple',
] as const;

export type EventMessage = (typeof eventMessages)[number];

export function isEventMessage(name: string): name is EventMessage {
  return eventMessages.some((message) => message === name);
}

/** Where an execution context is posted: a row of `serviceendpoint`. */
export interface Endpoint {
  readonly id: string;
  readonly name: string;
  readonly contract: number;
  readonly url: string;
  readonly authType: number;
  readonly authValue: string;
}

export interface StepImage {
  readonly alias: string;
  readonly isPre: boolean;
  readonly isPost: boolean;
  /** Undefined: all columns. */
  readonly columns: ReadonlySet<string> | undefined;
}

/** Values of `sdkmessageprocessingstep.stage`. */
export const stages = { preValidation: 10, preOperation: 20, postOperation: 40 } as const;

/** An enabled row of `sdkmessageprocessingstep`. */
export interface Step {
  readonly id: string;
  readonly name: string;
  readonly message: EventMessage;
  /** Logical name; undefined: every table. */
  readonly table: string | undefined;
  readonly stage: number;
  readonly isAsync: boolean;
  readonly rank: number;
  /** Update steps run only when one of these columns was sent; undefined: always. */
  readonly filter: ReadonlySet<string> | undefined;
  readonly endpoint: Endpoint | undefined;
  readonly images: readonly StepImage[];
  /** Forget the system job when it succeeded. */
  readonly forgetsSuccess: boolean;
}
