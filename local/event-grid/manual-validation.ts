/** How long a subscriber has to open the `validationUrl` (facts dataverse-and-events B3). */
const allowedMilliseconds = 5 * 60_000;

/** Handshakes that wait for somebody to open the address in the validation event. */
export class ManualValidations {
  readonly #timeScale: number;
  readonly #waiting = new Map<string, () => void>();
  /** Where the stand-in listens; set once it does. */
  baseUrl = '';

  constructor(timeScale: number) {
    this.#timeScale = timeScale;
  }

  urlOf(code: string): string {
    return `${this.baseUrl}/validate?id=${code}`;
  }

  /** Resolves true when the address of the code was opened in time. */
  opened(code: string): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isOpened: boolean) => {
        clearTimeout(deadline);
        this.#waiting.delete(code);
        resolve(isOpened);
      };
      const deadline = setTimeout(() => end(false), allowedMilliseconds * this.#timeScale);
      deadline.unref();
      this.#waiting.set(code, () => end(true));
    });
  }

  /** False for a code that nobody waits for, or no longer. */
  open(code: string): boolean {
    const confirm = this.#waiting.get(code);
    confirm?.();
    return confirm !== undefined;
  }
}
