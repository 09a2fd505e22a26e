const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const colon = 0x3a;
const minus = 0x2d;
const zero = 0x30;
const nine = 0x39;

/** What may follow a backslash (RFC 8259 section 7). */
const escapes = new Set([...'"\\/bfnrtu'].map((letter) => letter.charCodeAt(0)));
/** 1 for each byte that stands for itself in a string. */
const isPlain = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte === quote || byte === backslash ? 0 : 1,
);
const isSpace = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d ? 1 : 0,
);
/** Deeper documents are left to JSON.parse. */
const maxDepth = 500;

/**
 * Walks over JSON bytes without building values. Every method takes the position of the first byte
 * of something and gives the position after it, or -1 where it is not sound JSON by RFC 8259 (or
 * too deep), so that only what JSON.parse takes as well is walked to its end.
 */
export class JsonSkipper {
  bytes: Buffer;
  /** Most significant digits of any number walked over. */
  longestDecimal = 0;
  /** Escapes in the strings walked over. */
  escapes = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** From now on other bytes: one skipper for many small documents. */
  reset(bytes: Buffer): void {
    this.bytes = bytes;
    this.longestDecimal = 0;
    this.escapes = 0;
  }

  // What lies beyond the last byte reads as 0, which is neither space nor plain: no loop asks for the length.
  space(from: number): number {
    const { bytes } = this;
    let at = from;
    while (isSpace[bytes[at] ?? 0] === 1) {
      at += 1;
    }
    return at;
  }

  /** `from` is the opening quote. */
  string(from: number): number {
    const { bytes } = this;
    let at = from + 1;
    for (;;) {
      while (isPlain[bytes[at] ?? 0] === 1) {
        at += 1;
      }
      const byte = bytes[at];
      if (byte === quote) {
        return at + 1;
      }
      at = byte === backslash ? this.#escape(at) : -1;
      if (at < 0) {
        return -1;
      }
    }
  }

  /**
   * Each member of the object that opens at `from`: `visit` gets where the key (without quotes)
   * and the value lie and walks over the value.
   */
  members(from: number, visit: MemberVisit): number {
    return this.#list(from, closeBrace, (at) => {
      const valueFrom = this.key(at);
      return valueFrom < 0 ? -1 : visit(at + 1, this.string(at) - 1, valueFrom);
    });
  }

  /** Each element of the array that opens at `from`; `visit` walks over it. */
  elements(from: number, visit: (at: number) => number): number {
    return this.#list(from, closeBracket, visit);
  }

  value(from: number, depth = 0): number {
    const byte = this.bytes[from];
    if (byte === quote) {
      return this.string(from);
    }
    if (byte === openBrace) {
      return depth >= maxDepth ? -1 : this.#object(from, depth + 1);
    }
    if (byte === openBracket) {
      return depth >= maxDepth ? -1 : this.#array(from, depth + 1);
    }
    if (byte === minus || (byte !== undefined && byte >= zero && byte <= nine)) {
      return this.#number(from);
    }
    return this.#word(from);
  }

  // The two below are #list written out: a call of a closure per item costs a third of the time.
  #object(from: number, depth: number): number {
    const { bytes } = this;
    let at = this.space(from + 1);
    if (bytes[at] === closeBrace) {
      return at + 1;
    }
    for (;;) {
      const start = this.key(at);
      const end = start < 0 ? -1 : this.value(start, depth);
      if (end < 0) {
        return -1;
      }
      at = this.space(end);
      const byte = bytes[at];
      if (byte !== comma) {
        return byte === closeBrace ? at + 1 : -1;
      }
      at = this.space(at + 1);
    }
  }

  #array(from: number, depth: number): number {
    const { bytes } = this;
    let at = this.space(from + 1);
    if (bytes[at] === closeBracket) {
      return at + 1;
    }
    for (;;) {
      const end = this.value(at, depth);
      if (end < 0) {
        return -1;
      }
      at = this.space(end);
      const byte = bytes[at];
      if (byte !== comma) {
        return byte === closeBracket ? at + 1 : -1;
      }
      at = this.space(at + 1);
    }
  }

  /** What stands between brackets, item by item. */
  #list(from: number, close: number, item: (at: number) => number): number {
    const { bytes } = this;
    let at = this.space(from + 1);
    if (bytes[at] === close) {
      return at + 1;
    }
    for (;;) {
      const end = item(at);
      if (end < 0) {
        return -1;
      }
      at = this.space(end);
      if (bytes[at] === close) {
        return at + 1;
      }
      if (bytes[at] !== comma) {
        return -1;
      }
      at = this.space(at + 1);
    }
  }

  /** From the key to the beginning of its value. */
  key(from: number): number {
    const end = this.bytes[from] === quote ? this.string(from) : -1;
    const at = end < 0 ? -1 : this.space(end);
    return at < 0 || this.bytes[at] !== colon ? -1 : this.space(at + 1);
  }

  /** `from` is the backslash. */
  #escape(from: number): number {
    this.escapes += 1;
    const letter = this.bytes[from + 1];
    if (letter === undefined || !escapes.has(letter)) {
      return -1;
    }
    if (letter !== 0x75) {
      return from + 2;
    }
    const digits = this.bytes.toString('latin1', from + 2, from + 6);
    return /^[0-9a-fA-F]{4}$/.test(digits) ? from + 6 : -1;
  }

  #number(from: number): number {
    const { bytes } = this;
    let at = bytes[from] === minus ? from + 1 : from;
    const whole = at;
    at = this.#digits(at);
    if (at === whole || (bytes[whole] === zero && at > whole + 1)) {
      return -1;
    }
    if (bytes[at] === 0x2e) {
      const fraction = at + 1;
      at = this.#digits(fraction);
      if (at === fraction) {
        return -1;
      }
    }
    this.#count(whole, at);
    if (bytes[at] === 0x65 || bytes[at] === 0x45) {
      const sign = bytes[at + 1];
      const exponent = sign === 0x2b || sign === minus ? at + 2 : at + 1;
      at = this.#digits(exponent);
      return at === exponent ? -1 : at;
    }
    return at;
  }

  /** Digits from the first that is not zero. */
  #count(from: number, to: number): void {
    let digits = 0;
    for (let at = from; at < to; at += 1) {
      const byte = this.bytes[at];
      if (byte !== 0x2e && (digits > 0 || byte !== zero)) {
        digits += 1;
      }
    }
    if (digits > this.longestDecimal) {
      this.longestDecimal = digits;
    }
  }

  #digits(from: number): number {
    let at = from;
    for (let byte = this.bytes[at] ?? 0; byte >= zero && byte <= nine; byte = this.bytes[at] ?? 0) {
      at += 1;
    }
    return at;
  }

  #word(from: number): number {
    const { bytes } = this;
    for (const word of ['true', 'false', 'null']) {
      if (bytes.toString('latin1', from, from + word.length) === word) {
        return from + word.length;
      }
    }
    return -1;
  }
}

export type MemberVisit = (keyFrom: number, keyTo: number, valueFrom: number) => number;
