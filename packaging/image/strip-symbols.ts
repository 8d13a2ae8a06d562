/** A program without its symbol table, which only a debugger reads: about 17 MiB of Node. */

const ELF = { class64: 2, littleEndian: 1, programHeaderBytes: 56 };

/**
 * Cuts off what follows the last byte that is loaded into memory: the symbol table, and the list of sections. The dynamic
 * symbols stay, from which Node prints its native stack traces. By ourselves, because the result of `strip` depends on its
 * version, and each architecture needs one of its own.
 *
 * @returns the program as it is, if it is none of 64-bit Linux: on macOS it would lose its signature
 */
export function withoutSymbols(program: Buffer): Buffer {
  if (!program.subarray(0, 4).equals(Buffer.from('\x7fELF', 'latin1'))) return program;
  if (program[4] !== ELF.class64 || program[5] !== ELF.littleEndian) return program;
  const offset = Number(program.readBigUInt64LE(0x20));
  const count = program.readUInt16LE(0x38);
  let end = offset + count * ELF.programHeaderBytes;
  for (let index = 0; index < count; index++) {
    const header = offset + index * ELF.programHeaderBytes;
    const from = Number(program.readBigUInt64LE(header + 0x08));
    end = Math.max(end, from + Number(program.readBigUInt64LE(header + 0x20)));
  }
  const stripped = Buffer.from(program.subarray(0, end));
  // No sections: offset, number, and which of them has their names.
  stripped.writeBigUInt64LE(0n, 0x28);
  stripped.writeUInt16LE(0, 0x3c);
  stripped.writeUInt16LE(0, 0x3e);
  return stripped;
}
