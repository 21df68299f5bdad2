/** The two building blocks of SSH's binary formats (RFC 4251, section 5). */

/** The bytes are not what their format says. */
export class WireError extends Error {}

/** Reads fields from the front of a buffer; throws a `WireError` where the buffer is too short. */
export class WireReader {
  private offset = 0;

  constructor(private readonly buffer: Buffer) {}

  get isAtEnd(): boolean {
    return this.offset === this.buffer.length;
  }

  uint32(): number {
    return this.take(4).readUInt32BE();
  }

  /** A length and that many bytes. */
  string(): Buffer {
    return this.take(this.uint32());
  }

  text(): string {
    return this.string().toString("latin1");
  }

  private take(length: number): Buffer {
    const end = this.offset + length;
    if (end > this.buffer.length) throw new WireError("the buffer ends early");
    const bytes = this.buffer.subarray(this.offset, end);
    this.offset = end;
    return bytes;
  }
}

export function wireUint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

export function wireString(value: Buffer | string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([wireUint32(bytes.length), bytes]);
}
