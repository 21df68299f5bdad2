/** The two building blocks of SSH's binary formats (RFC 4251, section 5). */

/** Reads fields from the front of a buffer; throws a `RangeError` where the buffer is too short. */
export class WireReader {
  private offset = 0;

  constructor(private readonly buffer: Buffer) {}

  get isAtEnd(): boolean {
    return this.offset === this.buffer.length;
  }

  uint32(): number {
    const value = this.buffer.readUInt32BE(this.offset);
    this.offset += 4;
    return value;
  }

  /** A length and that many bytes. */
  string(): Buffer {
    const length = this.uint32();
    if (this.offset + length > this.buffer.length) throw new RangeError("the buffer ends early");
    this.offset += length;
    return this.buffer.subarray(this.offset - length, this.offset);
  }

  text(): string {
    return this.string().toString("latin1");
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
